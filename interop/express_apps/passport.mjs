// passport-openidconnect with the options of its documentation, so neither PKCE nor a nonce, and passport-oauth2-refresh.
import express from "express";
import session from "express-session";
import passport from "passport";
import refresh from "passport-oauth2-refresh";
import OpenIDConnectStrategy from "passport-openidconnect";

const { ISSUER, AUTHORIZATION_ENDPOINT, TOKEN_ENDPOINT, USERINFO_ENDPOINT, END_SESSION_ENDPOINT } = process.env;
const { CLIENT_ID, CLIENT_SECRET, ORIGIN, PORT } = process.env;

const strategy = new OpenIDConnectStrategy(
  {
    issuer: ISSUER,
    authorizationURL: AUTHORIZATION_ENDPOINT,
    tokenURL: TOKEN_ENDPOINT,
    userInfoURL: USERINFO_ENDPOINT,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    callbackURL: `${ORIGIN}/cb`,
    scope: ["profile", "email", "offline_access"],
  },
  (issuer, profile, context, idToken, accessToken, refreshToken, done) => {
    done(null, { issuer, id: profile.id, name: profile.displayName, idToken, accessToken, refreshToken });
  },
);
passport.use(strategy);
refresh.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: "a-secret-of-the-application", resave: false, saveUninitialized: false }));
app.use(passport.authenticate("session"));
app.get("/", (request, response) => {
  const { issuer, id, name } = request.user ?? {};
  response.json(request.user ? { issuer, id, name, messages: request.session.messages } : { messages: request.session.messages });
});
app.get("/login", passport.authenticate("openidconnect"));
app.get(
  "/cb",
  passport.authenticate("openidconnect", { failureRedirect: "/", failureMessage: true }),
  (_, response) => response.redirect("/"),
);
app.get("/refresh", (request, response, next) => {
  const { user } = request;
  refresh.requestNewAccessToken("openidconnect", user.refreshToken, (error, accessToken, refreshToken) => {
    if (error) return next(new Error(JSON.stringify(error)));
    const changed = accessToken !== user.accessToken;
    Object.assign(user, { accessToken, refreshToken });
    response.json({ changed });
  });
});
app.get("/logout", (request, response, next) => {
  const { idToken } = request.user;
  request.logout((error) => {
    if (error) return next(error);
    const params = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: `${ORIGIN}/` });
    response.redirect(`${END_SESSION_ENDPOINT}?${params}`);
  });
});
app.listen(Number(PORT), "127.0.0.1");
