// Auth.js on Express, with a provider of type `oidc` and the rotation of refresh tokens, both as its documentation has
// them: https://authjs.dev/guides/configuring-oauth-providers, https://authjs.dev/guides/refresh-token-rotation
import { ExpressAuth, getSession } from "@auth/express";
import express from "express";

const { ISSUER, TOKEN_ENDPOINT, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;

const config = {
  secret: "a-secret-of-the-application-for-its-own-cookies",
  trustHost: true,
  providers: [
    {
      id: "passavant",
      name: "passavant",
      type: "oidc",
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      authorization: { params: { scope: "openid profile email offline_access calendar.read" } },
    },
  ],
  callbacks: {
    async jwt({ token, account }) {
      if (account) {
        const { access_token, expires_at, refresh_token } = account;
        return { ...token, access_token, expires_at, refresh_token, refreshed: 0 };
      }
      if (Date.now() < token.expires_at * 1000) return token;
      const response = await fetch(TOKEN_ENDPOINT, {
        method: "POST",
        body: new URLSearchParams({
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          grant_type: "refresh_token",
          refresh_token: token.refresh_token,
        }),
      });
      const tokens = await response.json();
      if (!response.ok) return { ...token, error: JSON.stringify(tokens) };
      return {
        ...token,
        access_token: tokens.access_token,
        expires_at: Math.floor(Date.now() / 1000 + tokens.expires_in),
        refresh_token: tokens.refresh_token ?? token.refresh_token,
        refreshed: token.refreshed + 1,
      };
    },
    async session({ session, token }) {
      const { access_token, refreshed, error } = token;
      return { ...session, access_token, refreshed, error };
    },
  },
};

const app = express();
app.set("trust proxy", true);
app.use("/auth/*", ExpressAuth(config));
app.get("/", async (request, response) => response.json(await getSession(request, config)));
app.listen(Number(PORT), "127.0.0.1");
