package interop;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;

/** An application that registers, and looks others up. */
@SpringBootConfiguration
@EnableAutoConfiguration
class Application {}
