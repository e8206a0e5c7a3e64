// Signs users in with go-oidc and golang.org/x/oauth2, as the examples of go-oidc do: nonce and state in cookies, no code
// challenge unless PKCE is set.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type application struct {
	origin     string
	config     oauth2.Config
	provider   *oidc.Provider
	verifier   *oidc.IDTokenVerifier
	endSession string
	hasPKCE    bool

	lock sync.Mutex
	// One visitor, since the driver has one browser.
	token   *oauth2.Token
	idToken string
	claims  map[string]any
}

func main() {
	provider, err := oidc.NewProvider(context.Background(), os.Getenv("ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	var metadata struct {
		EndSessionEndpoint string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&metadata); err != nil {
		log.Fatal(err)
	}
	app := &application{
		origin:   os.Getenv("ORIGIN"),
		provider: provider,
		verifier: provider.Verifier(&oidc.Config{ClientID: os.Getenv("CLIENT_ID")}),
		config: oauth2.Config{
			ClientID:     os.Getenv("CLIENT_ID"),
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			Endpoint:     provider.Endpoint(),
			RedirectURL:  os.Getenv("ORIGIN") + "/callback",
			Scopes:       []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess},
		},
		endSession: metadata.EndSessionEndpoint,
		hasPKCE:    os.Getenv("PKCE") == "true",
	}
	http.HandleFunc("GET /login", app.signIn)
	http.HandleFunc("GET /callback", fallible(app.callback))
	http.HandleFunc("GET /refresh", fallible(app.refresh))
	http.HandleFunc("GET /userinfo", fallible(app.userInfo))
	http.HandleFunc("GET /logout", app.signOut)
	http.HandleFunc("GET /{$}", func(answer http.ResponseWriter, request *http.Request) {
		app.lock.Lock()
		defer app.lock.Unlock()
		json.NewEncoder(answer).Encode(app.claims)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func (app *application) signIn(answer http.ResponseWriter, request *http.Request) {
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	for name, value := range map[string]string{"state": state, "nonce": nonce, "verifier": verifier} {
		http.SetCookie(answer, &http.Cookie{Name: name, Value: value, MaxAge: 3600, HttpOnly: true})
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(nonce)}
	if app.hasPKCE {
		options = append(options, oauth2.S256ChallengeOption(verifier))
	}
	http.Redirect(answer, request, app.config.AuthCodeURL(state, options...), http.StatusFound)
}

func (app *application) callback(answer http.ResponseWriter, request *http.Request) error {
	state, err := request.Cookie("state")
	if err != nil || request.URL.Query().Get("state") != state.Value {
		return fmt.Errorf("state did not match: %s", request.URL.RawQuery)
	}
	var options []oauth2.AuthCodeOption
	if verifier, err := request.Cookie("verifier"); err == nil && app.hasPKCE {
		options = append(options, oauth2.VerifierOption(verifier.Value))
	}
	token, err := app.config.Exchange(request.Context(), request.URL.Query().Get("code"), options...)
	if err != nil {
		return err
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := app.verifier.Verify(request.Context(), raw)
	if err != nil {
		return err
	}
	nonce, err := request.Cookie("nonce")
	if err != nil || idToken.Nonce != nonce.Value {
		return fmt.Errorf("nonce did not match: %s", idToken.Nonce)
	}
	if err := idToken.VerifyAccessToken(token.AccessToken); err != nil {
		return err
	}
	app.lock.Lock()
	defer app.lock.Unlock()
	app.token, app.idToken, app.claims = token, raw, nil
	if err := idToken.Claims(&app.claims); err != nil {
		return err
	}
	http.Redirect(answer, request, "/", http.StatusFound)
	return nil
}

func (app *application) userInfo(answer http.ResponseWriter, request *http.Request) error {
	app.lock.Lock()
	defer app.lock.Unlock()
	found, err := app.provider.UserInfo(request.Context(), oauth2.StaticTokenSource(app.token))
	if err != nil {
		return err
	}
	told := map[string]any{"sub": found.Subject, "email": found.Email, "email_verified": found.EmailVerified}
	return json.NewEncoder(answer).Encode(told)
}

func (app *application) refresh(answer http.ResponseWriter, request *http.Request) error {
	app.lock.Lock()
	defer app.lock.Unlock()
	source := app.config.TokenSource(request.Context(), &oauth2.Token{RefreshToken: app.token.RefreshToken})
	next, err := source.Token()
	if err != nil {
		return err
	}
	raw, _ := next.Extra("id_token").(string)
	idToken, err := app.verifier.Verify(request.Context(), raw)
	if err != nil {
		return err
	}
	changed := next.AccessToken != app.token.AccessToken
	app.token, app.idToken = next, raw
	return json.NewEncoder(answer).Encode(map[string]any{"changed": changed, "sub": idToken.Subject})
}

func (app *application) signOut(answer http.ResponseWriter, request *http.Request) {
	app.lock.Lock()
	defer app.lock.Unlock()
	query := url.Values{"id_token_hint": {app.idToken}, "post_logout_redirect_uri": {app.origin + "/"}}
	app.token, app.idToken, app.claims = nil, "", nil
	http.Redirect(answer, request, app.endSession+"?"+query.Encode(), http.StatusFound)
}

func fallible(work func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		if err := work(answer, request); err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
		}
	}
}
