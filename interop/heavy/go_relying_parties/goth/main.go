// Signs users in with goth, as its example does: the provider for OpenID Connect and gothic's handlers.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/gorilla/sessions"
	"github.com/markbates/goth"
	"github.com/markbates/goth/gothic"
	"github.com/markbates/goth/providers/openidConnect"
)

var (
	lock sync.Mutex
	// Who is signed in: one visitor, since the driver has one browser.
	user *goth.User
)

func main() {
	origin := os.Getenv("ORIGIN")
	gothic.Store = sessions.NewCookieStore([]byte("of an application that lives for one test"))
	provider, err := openidConnect.New(
		os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"), origin+"/auth/openid-connect/callback",
		os.Getenv("ISSUER")+"/.well-known/openid-configuration", "profile", "email", "offline_access",
	)
	if err != nil {
		log.Fatal(err)
	}
	goth.UseProviders(provider)

	http.HandleFunc("GET /auth/openid-connect", func(answer http.ResponseWriter, request *http.Request) {
		gothic.BeginAuthHandler(answer, gothic.GetContextWithProvider(request, "openid-connect"))
	})
	http.HandleFunc("GET /auth/openid-connect/callback", func(answer http.ResponseWriter, request *http.Request) {
		found, err := gothic.CompleteUserAuth(answer, gothic.GetContextWithProvider(request, "openid-connect"))
		if err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		lock.Lock()
		user = &found
		lock.Unlock()
		http.Redirect(answer, request, "/", http.StatusFound)
	})
	http.HandleFunc("GET /refresh", func(answer http.ResponseWriter, request *http.Request) { refresh(provider, answer) })
	http.HandleFunc("GET /logout", func(answer http.ResponseWriter, request *http.Request) {
		gothic.Logout(answer, request)
		lock.Lock()
		query := url.Values{"id_token_hint": {user.IDToken}, "post_logout_redirect_uri": {origin + "/"}}
		user = nil
		lock.Unlock()
		http.Redirect(answer, request, provider.OpenIDConfig.EndSessionEndpoint+"?"+query.Encode(), http.StatusFound)
	})
	http.HandleFunc("GET /{$}", func(answer http.ResponseWriter, request *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		told := map[string]any{}
		if user != nil {
			told = map[string]any{
				"sub": user.UserID, "name": user.Name, "nickname": user.NickName, "email": user.Email,
				"refresh_token": user.RefreshToken != "",
			}
		}
		json.NewEncoder(answer).Encode(told)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

// Both ways that goth has: the one that Gitea uses, and the one that also returns the ID token.
func refresh(provider *openidConnect.Provider, answer http.ResponseWriter) {
	lock.Lock()
	defer lock.Unlock()
	first, err := provider.RefreshToken(user.RefreshToken)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	second, err := provider.RefreshTokenWithIDToken(first.RefreshToken)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	changed := first.AccessToken != user.AccessToken && second.AccessToken != first.AccessToken
	user.AccessToken, user.RefreshToken, user.IDToken = second.AccessToken, second.RefreshToken, second.IdToken
	json.NewEncoder(answer).Encode(map[string]any{"changed": changed, "id_token": second.IdToken != ""})
}
