// An API protected by the package rs of zitadel/oidc, as its example is: every token is introspected, with a secret, or with
// the key file that an application of Zitadel has.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

func main() {
	server, err := connect(os.Getenv("ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /protected", func(answer http.ResponseWriter, request *http.Request) {
		token, isBearer := strings.CutPrefix(request.Header.Get("Authorization"), oidc.PrefixBearer)
		if !isBearer {
			http.Error(answer, "auth header missing", http.StatusUnauthorized)
			return
		}
		found, err := rs.Introspect[*oidc.IntrospectionResponse](request.Context(), server, token)
		if err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(answer).Encode(found)
	})
	http.HandleFunc("GET /{$}", func(answer http.ResponseWriter, request *http.Request) {})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func connect(issuer string) (rs.ResourceServer, error) {
	if path := os.Getenv("KEY"); path != "" {
		return rs.NewResourceServerFromKeyFile(context.Background(), issuer, path)
	}
	return rs.NewResourceServerClientCredentials(
		context.Background(), issuer, os.Getenv("CLIENT_ID"), os.Getenv("CLIENT_SECRET"))
}
