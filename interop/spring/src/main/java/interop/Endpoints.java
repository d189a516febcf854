package interop;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class Endpoints {
  private final OAuth2AuthorizedClientManager manager;
  private final OAuth2AuthorizedClientRepository authorized;

  Endpoints(OAuth2AuthorizedClientManager manager, OAuth2AuthorizedClientRepository authorized) {
    this.manager = manager;
    this.authorized = authorized;
  }

  @GetMapping("/me")
  Map<String, String> me(@AuthenticationPrincipal OidcUser user, Authentication person, HttpServletRequest request) {
    OAuth2AuthorizedClient client = authorized.loadAuthorizedClient("app", person, request);
    return Map.of(
        "subject", user.getSubject(),
        "email", user.getEmail(),
        "idToken", user.getIdToken().getTokenValue(),
        "accessToken", client.getAccessToken().getTokenValue());
  }

  @GetMapping("/refreshed")
  Map<String, String> refreshed(Authentication person, HttpServletRequest request, HttpServletResponse response) {
    return Map.of("accessToken", token("app", person, request, response));
  }

  @GetMapping("/machine")
  Map<String, String> machine(Authentication person, HttpServletRequest request, HttpServletResponse response) {
    return Map.of("accessToken", token("robot", person, request, response));
  }

  private String token(String client, Authentication person, HttpServletRequest request, HttpServletResponse response) {
    OAuth2AuthorizeRequest wanted =
        OAuth2AuthorizeRequest.withClientRegistrationId(client)
            .principal(person)
            .attribute(HttpServletRequest.class.getName(), request)
            .attribute(HttpServletResponse.class.getName(), response)
            .build();
    return manager.authorize(wanted).getAccessToken().getTokenValue();
  }

  @GetMapping("/bye")
  String bye() {
    return "bye";
  }

  @GetMapping("/api/me")
  Map<String, String> caller(@AuthenticationPrincipal Jwt token) {
    return Map.of("subject", token.getSubject(), "client", token.getClaimAsString("client_id"));
  }

  @GetMapping("/api/orders")
  String orders() {
    return "[]";
  }
}
