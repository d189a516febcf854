package interop;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.netflix.appinfo.ApplicationInfoManager;
import com.netflix.appinfo.InstanceInfo;
import com.netflix.discovery.DiscoveryClient;
import com.netflix.discovery.EurekaClient;
import com.netflix.discovery.converters.wrappers.CodecWrappers;
import com.netflix.discovery.shared.Applications;
import com.netflix.discovery.shared.transport.jersey3.Jersey3TransportClientFactories;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.InetUtilsProperties;
import org.springframework.cloud.netflix.eureka.EurekaClientConfigBean;
import org.springframework.cloud.netflix.eureka.EurekaInstanceConfigBean;
import org.springframework.cloud.netflix.eureka.InstanceInfoFactory;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Java's clients at the registry: Spring's own and Netflix's, Netflix's codecs of JSON and XML, and a Eureka server as a peer. Arguments: the address of
 * a registry; that of another one, which has a peer; and the port on which that peer is to run.
 */
public final class Main {
  private static final int LOOKS_MAX = 300;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String registry;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<String> passed = new ArrayList<>();

  private Main(String registry) {
    this.registry = registry;
  }

  public static void main(String[] arguments) throws Exception {
    var main = new Main(arguments[0]);
    int code = 1;
    try {
      main.clients();
      main.peers(arguments[1], arguments[2]);
      code = 0;
    } catch (Exception failure) {
      failure.printStackTrace(System.out);
    }
    System.out.println(JSON.writeValueAsString(Map.of("passed", main.passed)));
    // Threads of clients would keep the process running after a failure.
    System.exit(code);
  }

  /** Settings of an application at a registry, with everything that takes half a minute done each second. */
  private static Map<String, Object> settings(String name, String registry) {
    var settings = new HashMap<String, Object>();
    settings.put("spring.application.name", name);
    settings.put("server.address", "127.0.0.1");
    settings.put("server.port", "0");
    settings.put("spring.main.banner-mode", "off");
    settings.put("spring.jmx.enabled", "false");
    settings.put("logging.level.root", "error");
    settings.put("eureka.client.service-url.defaultZone", registry + "/eureka/");
    settings.put("eureka.client.initial-instance-info-replication-interval-seconds", "0");
    settings.put("eureka.client.instance-info-replication-interval-seconds", "1");
    settings.put("eureka.client.registry-fetch-interval-seconds", "1");
    settings.put("eureka.client.jersey.enabled", "false");
    settings.put("eureka.instance.hostname", "127.0.0.1");
    settings.put("eureka.instance.instance-id", name + "-1");
    settings.put("eureka.instance.lease-renewal-interval-in-seconds", "1");
    settings.put("eureka.instance.lease-expiration-duration-in-seconds", "5");
    settings.put("eureka.instance.metadata-map.note", "a<b");
    settings.put("eureka.instance.metadata-map.[zone_$]", "c");
    return settings;
  }

  private static ConfigurableApplicationContext start(Class<?> application, Map<String, Object> settings) {
    return new SpringApplicationBuilder(application).properties(settings).registerShutdownHook(false).run();
  }

  private void clients() throws Exception {
    try (var proxy = new RecordingProxy(registry)) {
      var spring = start(Application.class, settings("orders", proxy.address()));
      awaitStatus("ORDERS", "orders-1", "UP");
      expect(proxy.since(0).stream().anyMatch(it -> it.startsWith("POST apps/ORDERS 204")), "Spring's client registers");
      await(() -> proxy.since(0).stream().anyMatch(it -> it.startsWith("PUT apps/ORDERS/orders-1 200")), "Spring's client renews its lease");

      observed(proxy, "Netflix's client", netflix("stock", proxy.address()), "stock");
      var prices = start(Application.class, settings("prices", proxy.address()));
      observed(proxy, "Spring's client", prices.getBean(EurekaClient.class), "prices");
      prices.close();

      codecs();

      int before = proxy.count();
      expect(ask("DELETE", "/eureka/apps/ORDERS/orders-1") == 200, "an instance is cancelled behind its back");
      await(() -> proxy.since(before).stream().anyMatch(it -> it.startsWith("PUT apps/ORDERS/orders-1 404")), "its next heartbeat is refused");
      awaitStatus("ORDERS", "orders-1", "UP");
      int last = proxy.count();
      spring.close();
      expect(proxy.since(last).stream().anyMatch(it -> it.startsWith("DELETE apps/ORDERS/orders-1 200")), "Spring's client cancels when it stops");
      expect(ask("GET", "/eureka/apps/ORDERS/orders-1") == 404, "and is gone");
    }
  }

  /** Every codec that Netflix ever gave its clients reads our documents, and we read theirs. */
  private void codecs() throws Exception {
    InstanceInfo orders = null;
    for (var codec : List.of(CodecWrappers.JacksonJson.class, CodecWrappers.LegacyJacksonJson.class, CodecWrappers.XStreamXml.class,
        CodecWrappers.XStreamJson.class, CodecWrappers.JacksonXml.class)) {
      String type = codec.getSimpleName().endsWith("Xml") ? "application/xml" : "application/json";
      String name = "the codec " + codec.getSimpleName();
      // Jackson's XML does not read such a key as XStream writes it, and XStream writes it into JSON as it would into XML.
      boolean knowsNames = codec != CodecWrappers.JacksonXml.class;
      boolean writesNames = knowsNames && codec != CodecWrappers.XStreamJson.class;
      var decoder = CodecWrappers.getDecoder(codec);
      for (String path : List.of("/eureka/apps", "/eureka/apps/delta", "/eureka/vips/orders")) {
        Applications all = decoder.decode(answer(registry, "GET", path, type, "full").body(), Applications.class);
        var found = all.getRegisteredApplications("ORDERS").getByInstanceId("orders-1");
        expect("a<b".equals(found.getMetadata().get("note")), name + " reads " + path);
        expect(!knowsNames || "c".equals(found.getMetadata().get("zone_$")), name + " reads every key");
        boolean isWhole = path.equals("/eureka/apps");
        expect(!isWhole || all.getAppsHashCode().equals(all.getReconcileHashCode()), name + " comes to the same hash");
        orders = found;
      }
      Applications compact = decoder.decode(answer(registry, "GET", "/eureka/apps", type, "compact").body(), Applications.class);
      var small = compact.getRegisteredApplications("ORDERS").getByInstanceId("orders-1");
      expect(small.getPort() == orders.getPort() && !small.getMetadata().containsKey("note"), name + " reads the compact form");
      orders.getMetadata().keySet().removeIf(key -> !writesNames && key.startsWith("zone"));
      var changed = new InstanceInfo.Builder(new InstanceInfo(orders)).add("codec", codec.getSimpleName()).build();
      changed.setIsDirty();
      String body = CodecWrappers.getEncoder(codec).encode(changed);
      var request = HttpRequest.newBuilder(URI.create(registry + "/eureka/apps/ORDERS")).header("content-type", type);
      int status = http.send(request.POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
      String stored = answer(registry, "GET", "/eureka/apps/ORDERS/orders-1").body();
      expect(status == 204 && JSON.readTree(stored).at("/instance/metadata/codec").asText().equals(codec.getSimpleName()), name + " registers");
    }
  }

  /** Netflix's own client, over Jersey. */
  private static EurekaClient netflix(String name, String registry) {
    var client = new EurekaClientConfigBean();
    client.setServiceUrl(new HashMap<>(Map.of("defaultZone", registry + "/eureka/")));
    client.setRegistryFetchIntervalSeconds(1);
    client.setInitialInstanceInfoReplicationIntervalSeconds(0);
    client.setInstanceInfoReplicationIntervalSeconds(1);
    var instance = new EurekaInstanceConfigBean(new InetUtils(new InetUtilsProperties()));
    instance.setAppname(name);
    instance.setInstanceId(name + "-1");
    instance.setHostname("127.0.0.1");
    instance.setVirtualHostName(name);
    instance.setLeaseRenewalIntervalInSeconds(1);
    var info = new InstanceInfoFactory().create(instance);
    info.setStatus(InstanceInfo.InstanceStatus.UP);
    return new DiscoveryClient(new ApplicationInfoManager(instance, info), client, Jersey3TransportClientFactories.getInstance());
  }

  /** Has a client follow what becomes of another application, and looks at what it asks for meanwhile. */
  private void observed(RecordingProxy proxy, String who, EurekaClient eureka, String name) throws Exception {
    awaitStatus(name.toUpperCase(), name + "-1", "UP");
    await(() -> found(eureka, "orders").size() == 1, who + " finds another instance");
    await(() -> found(eureka, name).size() == 1, who + " finds itself");
    String note = found(eureka, "orders").get(0).getMetadata().get("note");
    expect("a<b".equals(note), who + " reads the metadata of others");

    int settled = proxy.count();
    String orders = "/eureka/apps/ORDERS/orders-1/status?value=";
    expect(ask("PUT", orders + "OUT_OF_SERVICE") == 200, "an instance is taken out of service");
    await(() -> found(eureka, "orders").isEmpty(), who + " notices that");
    expect(ask("DELETE", orders + "UP") == 200, "and let back");
    await(() -> found(eureka, "orders").size() == 1, who + " notices that too");
    List<String> fetches = proxy.since(settled).stream().filter(it -> it.startsWith("GET ")).toList();
    expect(fetches.contains("GET apps/delta 200 application/json"), who + " asks for changes");
    // The hash counts all instances, those of the other applications too: a wrong one would have every poll followed by the whole registry.
    long whole = fetches.stream().filter(it -> it.startsWith("GET apps/ ")).count();
    if (whole > 1) {
      throw new IllegalStateException(who + " fetches everything again and again: " + fetches);
    }
    passed.add(who + " does not fetch everything again");
    eureka.shutdown();
    expect(ask("GET", "/eureka/apps/" + name + "/" + name + "-1") == 404, who + " cancels when it stops");
  }

  private static List<InstanceInfo> found(EurekaClient eureka, String name) {
    return eureka.getInstancesByVipAddress(name, false);
  }

  /** A Eureka server as peer of a registry: each tells the other. */
  private void peers(String paired, String port) throws Exception {
    var settings = settings("peer", paired);
    settings.put("server.port", port);
    // A server takes a peer with its own host for itself, whatever the port.
    settings.put("eureka.instance.hostname", "peer.invalid");
    settings.put("eureka.client.register-with-eureka", "false");
    settings.put("eureka.client.fetch-registry", "false");
    settings.put("eureka.server.enable-self-preservation", "false");
    settings.put("eureka.server.use-read-only-response-cache", "false");
    settings.put("eureka.server.max-time-for-replication", "5000");
    settings.put("eureka.server.peer-node-connect-timeout-ms", "2000");
    settings.put("eureka.server.peer-node-read-timeout-ms", "5000");
    try (var server = start(PeerServer.class, settings)) {
      String java = "http://127.0.0.1:" + port;
      var here = start(Application.class, settings("here", paired));
      awaitStatus(java, "HERE", "here-1", "UP");
      passed.add("a Java peer learns of an instance that registered with us");
      var there = start(Application.class, settings("there", java));
      awaitStatus(paired, "THERE", "there-1", "UP");
      passed.add("we learn of an instance that registered with a Java peer");
      ask(paired, "PUT", "/eureka/apps/HERE/here-1/status?value=OUT_OF_SERVICE");
      awaitStatus(java, "HERE", "here-1", "OUT_OF_SERVICE");
      ask(java, "PUT", "/eureka/apps/THERE/there-1/status?value=OUT_OF_SERVICE");
      awaitStatus(paired, "THERE", "there-1", "OUT_OF_SERVICE");
      passed.add("overrides are replicated both ways");
      // Longer than a lease: only replicated heartbeats keep these alive.
      Thread.sleep(12_000);
      expect(ask(java, "GET", "/eureka/apps/HERE/here-1") == 200, "our heartbeats renew leases at a Java peer");
      expect(ask(paired, "GET", "/eureka/apps/THERE/there-1") == 200, "those of a Java peer renew leases here");
      here.close();
      await(() -> ask(java, "GET", "/eureka/apps/HERE/here-1") == 404, "a Java peer learns of a cancellation");
      there.close();
      await(() -> ask(paired, "GET", "/eureka/apps/THERE/there-1") == 404, "we learn of a cancellation from a Java peer");
    }
  }

  private int ask(String method, String path) throws Exception {
    return ask(registry, method, path);
  }

  private int ask(String server, String method, String path) throws Exception {
    return answer(server, method, path).statusCode();
  }

  private HttpResponse<String> answer(String server, String method, String path) throws Exception {
    return answer(server, method, path, "application/json", "full");
  }

  private HttpResponse<String> answer(String server, String method, String path, String type, String detail) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(server + path)).header("accept", type).header("x-eureka-accept", detail);
    return http.send(request.method(method, HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
  }

  private void awaitStatus(String app, String id, String status) throws Exception {
    awaitStatus(registry, app, id, status);
  }

  private void awaitStatus(String server, String app, String id, String status) throws Exception {
    waitFor(() -> {
      var answer = answer(server, "GET", "/eureka/apps/" + app + "/" + id);
      return answer.statusCode() == 200 && JSON.readTree(answer.body()).at("/instance/status").asText().equals(status);
    }, id + " is " + status + " at " + server);
  }

  private void await(Callable<Boolean> condition, String what) throws Exception {
    waitFor(condition, what);
    passed.add(what);
  }

  private static void waitFor(Callable<Boolean> condition, String what) throws Exception {
    for (int look = 0; look < LOOKS_MAX; look++) {
      if (condition.call()) {
        return;
      }
      Thread.sleep(100);
    }
    throw new IllegalStateException("not in time: " + what);
  }

  private void expect(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(what);
    }
    passed.add(what);
  }
}
