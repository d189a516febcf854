package interop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** Proxy before the registry, which writes down what a client asks for and gets: "GET apps/delta 200 application/xml". */
final class RecordingProxy implements AutoCloseable {
  private static final Set<String> OWN_HEADERS = Set.of("connection", "content-length", "host", "upgrade", "transfer-encoding");

  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<String> records = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  private final String target;

  RecordingProxy(String target) throws IOException {
    this.target = target;
    this.server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", this::forward);
    server.setExecutor(Executors.newCachedThreadPool(RecordingProxy::daemon));
    server.start();
  }

  private static Thread daemon(Runnable work) {
    var thread = new Thread(work);
    thread.setDaemon(true);
    return thread;
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** How many records there are. */
  int count() {
    return records.size();
  }

  /** The records from this one on. */
  List<String> since(int first) {
    return List.copyOf(records.subList(first, records.size()));
  }

  private void forward(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      var publisher = HttpRequest.BodyPublishers.ofByteArray(body);
      var request = HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI())).method(exchange.getRequestMethod(), publisher);
      exchange.getRequestHeaders().forEach((name, values) -> {
        if (!OWN_HEADERS.contains(name.toLowerCase())) {
          values.forEach(value -> request.header(name, value));
        }
      });
      var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      answer.headers().map().forEach((name, values) -> {
        if (!OWN_HEADERS.contains(name.toLowerCase()) && !name.startsWith(":")) {
          exchange.getResponseHeaders().put(name, values);
        }
      });
      String path = exchange.getRequestURI().getPath().replaceFirst("^/eureka/", "");
      String type = answer.headers().firstValue("content-type").orElse("-");
      records.add(exchange.getRequestMethod() + " " + path + " " + answer.statusCode() + " " + type);
      exchange.sendResponseHeaders(answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
      if (answer.body().length > 0) {
        exchange.getResponseBody().write(answer.body());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
