"""Mail server of tests: smtp_server.py PORT FOLDER [--starttls CERT KEY] [--implicit-tls CERT KEY] [--user NAME PASSWORD]"""

import argparse
import asyncio
import email
import email.policy
import json
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("folder")
arguments.add_argument("--starttls", nargs=2)
arguments.add_argument("--implicit-tls", nargs=2)
arguments.add_argument("--user", nargs=2)
arguments = arguments.parse_args()
seen_later = set()


def tls_context(files):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    return context


def keep(session, envelope):
    """Writes the mail as JSON, with its parts decoded."""
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    kept = {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "headers": {name: str(value) for name, value in message.items()},
        "parts": parts,
        "defects": [str(defect) for defect in message.defects],
        "is_encrypted": session.ssl is not None or arguments.implicit_tls is not None,
    }
    number = len(os.listdir(arguments.folder))
    path = os.path.join(arguments.folder, f"{number:06}.json")
    with open(path + ".unfinished", "w") as file:
        json.dump(kept, file)
    os.rename(path + ".unfinished", path)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        kind = address.split("@")[0]
        if kind == "refused":
            return f"550 <{address}>: no such user"
        if kind == "later" and address not in seen_later:
            seen_later.add(address)
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        kind = envelope.rcpt_tos[0].split("@")[0]
        if kind == "hanging":
            await asyncio.sleep(3600)
        keep(session, envelope)
        if kind == "lost":
            server.transport.abort()
        return "250 accepted"


class Server(SMTP):
    async def smtp_DATA(self, argument):
        if self.envelope.rcpt_tos and self.envelope.rcpt_tos[0].startswith("reset@"):
            await self.push("354 go on")
            await self._reader.readline()
            self.transport.abort()
            return
        await super().smtp_DATA(argument)


def authenticate(server, session, envelope, mechanism, data):
    wanted = tuple(part.encode() for part in arguments.user)
    return AuthResult(success=(data.login, data.password) == wanted, handled=False)


def server():
    options = {"hostname": "mail.test"}
    if arguments.starttls:
        options.update(tls_context=tls_context(arguments.starttls), require_starttls=True)
    if arguments.user:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=False)
    return Server(Handler(), **options)


async def main():
    implicit = tls_context(arguments.implicit_tls) if arguments.implicit_tls else None
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server, "127.0.0.1", arguments.port, ssl=implicit)
    await listening.serve_forever()


asyncio.run(main())
