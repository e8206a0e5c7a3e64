// Signs users in with the package rp of zitadel/oidc, as its example does, with the example's options except for its
// prompt "Welcome back!": a cookie handler, signing algorithms from discovery, PKCE or a key from the environment.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

type tokens = oidc.Tokens[*oidc.IDTokenClaims]

var (
	lock sync.Mutex
	// One visitor, since the driver has one browser.
	current *tokens
	info    *oidc.UserInfo
)

func main() {
	origin, key := os.Getenv("ORIGIN"), []byte("test1234test1234")
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	options := []rp.Option{
		rp.WithCookieHandler(cookies),
		rp.WithVerifierOpts(rp.WithIssuedAtOffset(5 * time.Second)),
		rp.WithSigningAlgsFromDiscovery(),
	}
	if os.Getenv("PKCE") == "true" {
		options = append(options, rp.WithPKCE(cookies))
	}
	if path := os.Getenv("KEY_PATH"); path != "" {
		signingKey, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, rp.WithJWTProfile(rp.SignerFromKeyAndKeyID(signingKey, os.Getenv("KEY_ID"))))
	}
	provider, err := rp.NewRelyingPartyOIDC(
		context.Background(), os.Getenv("ISSUER"), os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"), origin+"/auth/callback",
		strings.Split("openid profile email offline_access", " "), options...,
	)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /login", rp.AuthURLHandler(uuid.NewString, provider))
	signedIn := func(
		answer http.ResponseWriter, request *http.Request, found *tokens, _ string, _ rp.RelyingParty, user *oidc.UserInfo,
	) {
		lock.Lock()
		current, info = found, user
		lock.Unlock()
		http.Redirect(answer, request, "/", http.StatusFound)
	}
	http.Handle("GET /auth/callback", rp.CodeExchangeHandler(rp.UserinfoCallback(signedIn), provider))
	http.HandleFunc("GET /refresh", func(answer http.ResponseWriter, request *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		next, err := rp.RefreshTokens[*oidc.IDTokenClaims](request.Context(), provider, current.RefreshToken, "", "")
		if err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		told := map[string]any{"changed": next.AccessToken != current.AccessToken, "sub": next.IDTokenClaims.GetSubject()}
		current = next
		json.NewEncoder(answer).Encode(told)
	})
	http.HandleFunc("GET /revoke", func(answer http.ResponseWriter, request *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		if err := rp.RevokeToken(request.Context(), provider, current.RefreshToken, "refresh_token"); err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		_, err := rp.RefreshTokens[*oidc.IDTokenClaims](request.Context(), provider, current.RefreshToken, "", "")
		json.NewEncoder(answer).Encode(map[string]any{"refused": err != nil})
	})
	http.HandleFunc("GET /logout", func(answer http.ResponseWriter, request *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		next, err := rp.EndSession(request.Context(), provider, current.IDToken, origin+"/", "s1", "", nil)
		if err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		current, info = nil, nil
		if next == nil {
			http.Error(answer, "the server names no address to go to", http.StatusInternalServerError)
			return
		}
		http.Redirect(answer, request, next.String(), http.StatusFound)
	})
	http.HandleFunc("GET /{$}", func(answer http.ResponseWriter, request *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		told := map[string]any{}
		if info != nil {
			told = map[string]any{
				"sub": info.Subject, "name": info.Name, "email": info.Email, "email_verified": info.EmailVerified,
				"of_id_token": current.IDTokenClaims.Email,
			}
		}
		json.NewEncoder(answer).Encode(told)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
