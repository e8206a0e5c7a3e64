package app;

import static org.springframework.security.config.Customizer.withDefaults;

import java.security.Principal;
import java.util.Map;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A protected API, as the chapters "OAuth 2.0 Resource Server JWT" and "Opaque Token" of Spring Security have it. */
@Configuration
@Profile("!client")
class Api {
    @Bean
    @Profile("!opaque")
    SecurityFilterChain jwt(HttpSecurity http) throws Exception {
        return protectedBy(http).oauth2ResourceServer(server -> server.jwt(withDefaults())).build();
    }

    @Bean
    @Profile("opaque")
    SecurityFilterChain opaque(HttpSecurity http) throws Exception {
        return protectedBy(http).oauth2ResourceServer(server -> server.opaqueToken(withDefaults())).build();
    }

    private static HttpSecurity protectedBy(HttpSecurity http) throws Exception {
        return http.authorizeHttpRequests(requests -> requests
            .requestMatchers("/notes").hasAuthority("SCOPE_notes.read")
            .anyRequest().authenticated());
    }

    @RestController
    @Profile("!client")
    static class Notes {
        /** Who asks. */
        @GetMapping("/notes")
        Map<String, Object> notes(Principal principal) {
            return Map.of("name", principal.getName());
        }
    }
}
