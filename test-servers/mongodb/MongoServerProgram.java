import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;
import java.util.stream.Stream;

/** Server of MongoDB's protocol on loopback: port, file, version and wire version are its arguments. */
public final class MongoServerProgram {
    private MongoServerProgram() {
    }

    public static void main(String[] arguments) throws InterruptedException {
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
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        Thread.currentThread().join();
    }
}
