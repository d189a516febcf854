"""A browser as far as the pages of the provider need one: cookies, and forms without a script."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

PAGES_MAX = 5


class Form(HTMLParser):
    """Address and fields of the form on a page, as somebody fills them in who allows what is asked."""

    def __init__(self, page, person):
        super().__init__()
        self.action = None
        self.fields = {}
        self._person = person
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        name = attributes.get("name")
        if tag == "form" and attributes.get("method") == "post":
            self.action = attributes["action"]
        elif tag == "input" and attributes.get("type") == "hidden":
            self.fields[name] = attributes.get("value", "")
        elif tag == "input" and name in self._person:
            self.fields[name] = self._person[name]
        elif tag == "button" and attributes.get("id") == "allow":
            self.fields[name] = attributes["value"]


class Browser:
    def __init__(self, person):
        self._session = requests.Session()
        self._person = person

    def submit(self, url):
        """Opens an address and submits the form of its page; that must succeed."""
        response = self._submitted(self._get(url))
        assert response.status_code == 200, response.text

    def follow(self, url):
        """Opens an address and submits the forms of its pages until the browser is sent elsewhere; where to."""
        response = self._get(url)
        for _ in range(PAGES_MAX):
            if "location" in response.headers:
                return urljoin(response.url, response.headers["location"])
            response = self._submitted(response)
        raise AssertionError("the pages do not come to an end")

    def _get(self, url):
        return self._session.get(url, allow_redirects=False)

    def _submitted(self, response):
        form = Form(response.text, self._person)
        assert form.action, f"there is no form: {response.text}"
        action = urljoin(response.url, form.action)
        return self._session.post(action, data=form.fields, allow_redirects=False)
