package interop;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;

/** A Eureka server, as a peer of the registry. */
@SpringBootConfiguration
@EnableAutoConfiguration
@EnableEurekaServer
class PeerServer {}
