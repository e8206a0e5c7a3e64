// express-openid-connect, with the configuration for tokens of its documentation: `response_type` `code`,
// `accessToken.refresh()`, and `idpLogout`, which also signs out at the server.
import express from "express";
import oidc from "express-openid-connect";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN, PORT } = process.env;
const { auth, requiresAuth } = oidc;

const app = express();
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: ORIGIN,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: "a-secret-of-the-application-for-its-own-cookies",
    authRequired: false,
    idpLogout: true,
    authorizationParams: { response_type: "code", scope: "openid profile email offline_access" },
  }),
);
app.get("/", (request, response) => {
  response.json(request.oidc.isAuthenticated() ? request.oidc.user : null);
});
app.get("/userinfo", requiresAuth(), async (request, response) => {
  response.json(await request.oidc.fetchUserInfo());
});
app.get("/refresh", requiresAuth(), async (request, response) => {
  const before = request.oidc.accessToken.access_token;
  const { access_token } = await request.oidc.accessToken.refresh();
  const userinfo = await request.oidc.fetchUserInfo();
  response.json({ changed: access_token !== before, sub: userinfo.sub });
});
app.listen(Number(PORT), "127.0.0.1");
