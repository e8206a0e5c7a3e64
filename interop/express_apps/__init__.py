"""Applications on Express as relying parties of passavant: Auth.js, express-openid-connect, passport-openidconnect."""
