package app;

import static org.springframework.security.config.Customizer.withDefaults;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.csrf.CsrfToken;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Signs users in, as the chapters "OAuth 2.0 Login" and "OpenID Connect Logout" of Spring Security have it. */
@Configuration
@Profile("client")
class Client {
    @Bean
    SecurityFilterChain security(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
        OidcClientInitiatedLogoutSuccessHandler signedOut = new OidcClientInitiatedLogoutSuccessHandler(clients);
        signedOut.setPostLogoutRedirectUri("{baseUrl}");
        return http
            .authorizeHttpRequests(requests -> requests.requestMatchers("/").permitAll().anyRequest().authenticated())
            .oauth2Login(withDefaults())
            .oauth2Client(withDefaults())
            .logout(logout -> logout.logoutSuccessHandler(signedOut))
            .build();
    }

    @RestController
    @Profile("client")
    static class Pages {
        /** Who is signed in. */
        @GetMapping("/")
        Map<String, Object> who(@AuthenticationPrincipal OidcUser user, CsrfToken csrf) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("csrf", csrf.getToken());
            if (user != null) {
                told.put("id_token", user.getIdToken().getClaims());
                told.put("userinfo", user.getUserInfo() == null ? null : user.getUserInfo().getClaims());
            }
            return told;
        }

        /** The tokens as Spring Security gives them to an application: refreshed if they have expired, or soon will. */
        @GetMapping("/tokens")
        Map<String, Object> tokens(@RegisteredOAuth2AuthorizedClient("passavant") OAuth2AuthorizedClient client) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("access_token", client.getAccessToken().getTokenValue());
            told.put("refresh_token", client.getRefreshToken() == null ? null : client.getRefreshToken().getTokenValue());
            return told;
        }
    }
}
