import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/**
 * Server of MongoDB's protocol on loopback: port, file, version and wire version are its arguments, and for TLS the files
 * of a certificate and of its key, in PEM.
 */
public final class MongoServerProgram {
    private MongoServerProgram() {
    }

    public static void main(String[] arguments) throws Exception {
        List<Integer> version = Stream.of(arguments[2].split("\\.")).map(Integer::valueOf).toList();
        int wireVersion = Integer.parseInt(arguments[3]);
        H2Backend backend = new H2Backend(arguments[1]);
        backend.version(new MongoVersion() {
            @Override
            public List<Integer> getVersionArray() {
                return version;
            }

            @Override
            public int getWireVersion() {
                return wireVersion;
            }
        });
        MongoServer server = new MongoServer(backend);
        if (arguments.length > 4) {
            server.enableSsl(key(arguments[5]), null, certificate(arguments[4]));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Thread.currentThread().join();
    }

    private static X509Certificate certificate(String file) throws IOException, GeneralSecurityException {
        try (InputStream content = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(content);
        }
    }

    private static PrivateKey key(String file) throws IOException, GeneralSecurityException {
        String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        PKCS8EncodedKeySpec key = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
        return KeyFactory.getInstance("EC").generatePrivate(key);
    }
}
