package interop;

import java.time.Duration;
import java.util.Objects;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientProviderBuilder;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.web.SecurityFilterChain;

/** Two applications in one: pages for people who signed in, and an interface for whoever has an access token. */
@Configuration(proxyBeanMethods = false)
class Security {
  @Bean
  @Order(1)
  SecurityFilterChain resources(HttpSecurity http) throws Exception {
    return http.securityMatcher("/api/**")
        .authorizeHttpRequests(
            requests -> requests.requestMatchers("/api/orders").hasAuthority("SCOPE_orders.read").anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .build();
  }

  /** What the documentation of Spring Security wants for access tokens of RFC 9068; the keys are found by issuer discovery. */
  @Bean
  JwtDecoder accessTokens(
      @Value("${spring.security.oauth2.client.provider.shop.issuer-uri}") String issuer, @Value("${audience}") String audience) {
    NimbusJwtDecoder decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
    var anyClient = new JwtClaimValidator<String>("client_id", Objects::nonNull);
    decoder.setJwtValidator(
        JwtValidators.createAtJwtValidator()
            .issuer(issuer)
            .audience(audience)
            .validators(it -> it.put("client_id", anyClient))
            .build());
    return decoder;
  }

  @Bean
  @Order(2)
  SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
    var requests = new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
    requests.setAuthorizationRequestCustomizer(OAuth2AuthorizationRequestCustomizers.withPkce());
    var logout = new OidcClientInitiatedLogoutSuccessHandler(clients);
    logout.setPostLogoutRedirectUri("{baseUrl}/bye");
    return http.authorizeHttpRequests(it -> it.requestMatchers("/bye").permitAll().anyRequest().authenticated())
        .oauth2Login(login -> login.authorizationEndpoint(it -> it.authorizationRequestResolver(requests)))
        .logout(it -> it.logoutSuccessHandler(logout))
        .oidcLogout(it -> it.backChannel(Customizer.withDefaults()))
        .csrf(it -> it.disable())
        .build();
  }

  /** Manager to which every access token is too old, so that each use is a refresh. */
  @Bean
  OAuth2AuthorizedClientManager refreshing(
      ClientRegistrationRepository clients, OAuth2AuthorizedClientRepository authorized) {
    var manager = new DefaultOAuth2AuthorizedClientManager(clients, authorized);
    manager.setAuthorizedClientProvider(
        OAuth2AuthorizedClientProviderBuilder.builder()
            .refreshToken(it -> it.clockSkew(Duration.ofDays(1)))
            .clientCredentials()
            .build());
    return manager;
  }
}
