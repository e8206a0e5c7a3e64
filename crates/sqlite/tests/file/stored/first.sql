PRAGMA application_id = 1347638868;
PRAGMA user_version = 1;
CREATE TABLE issuer (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    newest INTEGER NOT NULL DEFAULT 0,
    registry INTEGER NOT NULL DEFAULT 1
) STRICT;
INSERT INTO issuer VALUES (1, 'https://as.example', 1750000000, 11);
CREATE TABLE grant (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    session INTEGER,
    offline INTEGER NOT NULL,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    narrowed INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    amr TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
INSERT INTO grant VALUES (3670016000000201440, 1, 'u-alice', 'shop', 3670016000000266606, 0, 'openid email notes.read', 'https://notes.example', 0, 1750000000, 'pwd', 1750000000, 1752592000, NULL);
INSERT INTO grant VALUES (3670016000000885051, 1, 'u-alice', 'shop', 3670016000000266606, 1, 'openid profile email offline_access notes.read files.read', 'https://files.example https://notes.example', 0, 1750000000, 'pwd', 1750000000, 1752592000, NULL);
INSERT INTO grant VALUES (3670016000001235807, 1, 'u-alice', 'keyed', 3670016000000266606, 0, 'openid', '', 0, 1750000000, 'pwd', 1750000000, 1752592000, NULL);
INSERT INTO grant VALUES (3670016000001351324, 1, 'u-alice', 'shop', 3670016000000266606, 0, 'openid notes.read', 'https://notes.example', 0, 1750000000, 'pwd', 1750000000, 1752592000, NULL);
INSERT INTO grant VALUES (3670016000001420129, 1, 'u-bob', 'shop', 3670016000001226822, 0, 'openid', '', 0, 1750000000, 'pwd', 1750000000, 1752592000, 1750000000);
INSERT INTO grant VALUES (3670016000001939083, 1, 'u-alice', 'shop', 3670016000000266606, 0, 'openid notes.read', 'https://notes.example', 0, 1750000000, 'pwd', 1750000000, 1752592000, NULL);
INSERT INTO grant VALUES (3670016000002052849, 1, 'u-bob', 'shop', 3670016000000785782, 0, 'openid', '', 0, 1750000000, 'pwd', 1750000000, 1752592000, NULL);
CREATE INDEX grant_by_subject ON grant (issuer, subject) WHERE ended_at IS NULL;
CREATE INDEX grant_by_client ON grant (issuer, client) WHERE ended_at IS NULL;
CREATE INDEX grant_by_session ON grant (issuer, session) WHERE session IS NOT NULL AND ended_at IS NULL;
CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    grant_id INTEGER NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT,
    nonce TEXT,
    used_at INTEGER,
    tries INTEGER NOT NULL
) STRICT;
INSERT INTO code VALUES (3670016000000505224, 1, X'75d4da9950e10b93e12ece7f1f5e10f05a2b8328a02779a9011323d70e4b8487', 1750000060, 3670016000001939083, 'https://shop.example/cb', 'B-0WC-BmGoGK2RYwnB7aX0dneGFJMG1d3Xq5KTaGDTg', 'v5pa-ISrHVF3U6lQCiWp1-JmbPTSA46yLjIObh27yoM', 1750000000, 0);
INSERT INTO code VALUES (3670016000000866982, 1, X'79e56c6a201a3bb4a008f22075ad6ff377530a19968d7b4aad88096716e02603', 1750000060, 3670016000002052849, 'https://shop.example/cb', 'aILIwwIdH25DlbtVhSynW7nYJBzEMlsFrHGGbiBy9Sw', 'mwKm-362gJ-T940YDhizmuz-d8nwsKn77gRPetylWx4', NULL, 0);
INSERT INTO code VALUES (3670016000000996706, 1, X'0cb1d11836a66869a14c66246f65f10de4240a905f0a9e7c89307104aa2bce12', 1750000060, 3670016000001351324, 'https://shop.example/cb', '-S0irjIAdsEVcYbyRsWRaCeaX_KZXH_ziDjYQwm2aRM', 'hCJ2M93QlcpivO47TsvmlaLCORHPxu9os1ZM0vJ2Oio', 1750000000, 0);
INSERT INTO code VALUES (3670016000001221852, 1, X'd7fa22eaa3cc6d1efa3d1f5eeda722675429a01c52a1987ef66864c0a8f9def3', 1750000060, 3670016000001235807, 'https://keyed.example/cb', 'yR7ZyfZszAsCXrl1z30doEG0rV0fz1cdfG--dkOKk38', 'tJ5GpGmPLPSE3HoskBE8aOK5wzJzc21ZhQ6tnPDXhjE', 1750000000, 0);
INSERT INTO code VALUES (3670016000001437763, 1, X'023c6a47645a80c77d4d09208fdb2cfdf7438281bf107c3ab9f433d0ad21475c', 1750000060, 3670016000001420129, 'https://shop.example/cb', 'mg2ZxlgGoBbbrTF20rl1ojcPAm1aTCaJjrIEIGLfutk', 'yvYf4fb_5Gj6vd318R-Z1Hx9rPyRLIfVkN72LIYegA0', 1750000000, 0);
INSERT INTO code VALUES (3670016000001509220, 1, X'214e2b9b8772ab8e6a16415d7fbee4d8c77f72cda3ee2244f8770b2bfd697b27', 1750000060, 3670016000000885051, 'https://shop.example/cb', 'zdp6qumPSrcLL2XAgiHyyh4jtAdFJbam0hMprKoBaH4', '6InTC4VCHozIMNFfO1AIwYlmAOmpEp4JvTAUg87-iYE', 1750000000, 0);
INSERT INTO code VALUES (3670016000002034701, 1, X'f02f200b65423976c1ce8d9439a2ff51c6dbf28bfb7a9eb2f73df4d6d803344f', 1750000060, 3670016000000201440, 'https://shop.example/cb', 'YVNweFOYyA6wn_oxyYjAqBrmCPJZu0ilZE_4Dwwtn5s', 'TG5xsS2_xhEa7mwNSqgov2QSVppMMW_BU8i90kNo7YM', NULL, 0);
CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    issued_at INTEGER NOT NULL,
    expires_in INTEGER NOT NULL,
    grant_id INTEGER,
    client TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    subject TEXT,
    scopes TEXT NOT NULL,
    audience TEXT NOT NULL,
    narrowed INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO access VALUES (3670016000000454594, 1, X'033063db33e152645eb6a0a1e365b71eba8f643e8f143bb9bdc701aba38e9e28', 1750000000, 600, NULL, 'shop', 3670016000001154517, NULL, 'files.read', 'https://files.example', 0, 0);
INSERT INTO access VALUES (3670016000000463009, 1, X'6c5295faa452a0e317b9ad1fdda322d7e95c31a6152a1f6df686fa76c3e736a6', 1750000000, 600, 3670016000001420129, 'shop', 3670016000001154517, 'u-bob', 'openid', '', 0, 0);
INSERT INTO access VALUES (3670016000000581967, 1, X'c8dd7eaf2f9e41816be2c2c6c27de230d0927c111b5b209a05e8be8f2ad28773', 1750000000, 600, 3670016000001235807, 'keyed', 3670016000002016123, 'u-alice', 'openid', '', 0, 0);
INSERT INTO access VALUES (3670016000000584687, 1, X'c96da6c8d6e223afe22bdee7d39711f642b56e49c09121a5d43e05c6a2149448', 1750000000, 600, NULL, 'keyed', 3670016000002016123, NULL, 'profile', '', 0, 0);
INSERT INTO access VALUES (3670016000001335615, 1, X'62b4b5f9a9169365f3747d9c344076d55638736fc9d11ec282deb6569b3cda1e', 1750000000, 600, 3670016000000885051, 'shop', 3670016000001154517, 'u-alice', 'openid profile email offline_access notes.read files.read', 'https://files.example https://notes.example', 0, 0);
INSERT INTO access VALUES (3670016000001469136, 1, X'd528b5d5fa28f02a322e7ecefce78500264629e5bac60ce6e419d97d9b18fd66', 1750000000, 600, 3670016000000885051, 'shop', 3670016000001154517, 'u-alice', 'openid profile email offline_access notes.read files.read', 'https://files.example https://notes.example', 0, 0);
CREATE TABLE refresh (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    grant_id INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    key INTEGER NOT NULL
) STRICT;
INSERT INTO refresh VALUES (3670016000000837191, 1, X'910fe564c1b369f13de5746504d758e2fc57f761851fa1b7103bf1d021cde686', 1751209600, 3670016000000885051, 1, 1750000000, 1);
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    subject TEXT NOT NULL,
    authenticated_at INTEGER NOT NULL,
    amr TEXT NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
INSERT INTO session VALUES (3670016000000266606, 1, X'84658d9747ce2feaf9a84cdc82dab43f485b2264e9d03b993ca751b7e6cf2a42', 1750043200, NULL, 'u-alice', 1750000000, 'pwd', 1750000000);
INSERT INTO session VALUES (3670016000000785782, 1, X'81c7ff1e3f73d6dc0928ba8cffeed0fdb2da0bca09d2704c9c2d841f9d3ccdb0', 1750043200, NULL, 'u-bob', 1750000000, 'pwd', 1750000000);
INSERT INTO session VALUES (3670016000001226822, 1, X'43cb60b21fec37e0c84ba94007268d9db424a31146856dd8a536021fb1063fc1', 1750043200, 1750000000, 'u-bob', 1750000000, 'pwd', 1750000000);
CREATE INDEX session_by_subject ON session (issuer, subject) WHERE ended_at IS NULL;
CREATE TABLE interaction (
    id INTEGER PRIMARY KEY,
    issuer INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    browser BLOB NOT NULL CHECK (length(browser) = 32),
    request TEXT NOT NULL
) STRICT;
INSERT INTO interaction VALUES (3670016000000485680, 1, X'2c2a80fac9bfa06505e1d942311642bfd480591bccc50360be8ca1c02761c52b', 1750000900, NULL, X'5ce9c05f1e305382e958344d6699a60de8dca9cffd525e13735230e2635bd0e2', '{"pending":{"Authorize":[null,{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"a b&c=ü"},"scopes":"openid notes.read","resources":["https://notes.example"],"challenge":"Bu-Nsy3YEpQ_xWqzsA_bxCim5HGZQLBkHa6Qh1r5u4w","nonce":"AU6Iu4nV6hDzFvFnRkJ1bQf5Rq3FzFVLTENl3bqxy8s","prompt":[],"max_age":7200,"login_hint":"alice","expected":"u-alice"}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000000559279, 1, X'38d26334333711cf468adb034583de9d63d4e1498449caafff0519ca033fc223', 1750000900, NULL, X'af299f81c7b9281141de95c084049172134ee5f055c7cf5bd9efb703999194c7', '{"pending":{"Authorize":["SignIn",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"a b&c=ü"},"scopes":"openid notes.read","resources":["https://notes.example"],"challenge":"e9rOgjl4KK7v0cueNtkhBkllAXU45cCW1u-gkjZ6-40","nonce":"QllUabxFNSEFhRZZoVlAePg7cqQ0Dpm10MLbH-M17-k","prompt":[],"max_age":7200,"login_hint":"alice","expected":"u-alice"}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000000612763, 1, X'4196b9f58efc0e228cfba68d7f997bacf608e2755381a179573fd54ca849e0ae', 1750000900, NULL, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"a b&c=ü"},"scopes":"openid notes.read","resources":["https://notes.example"],"challenge":"4NfxDJioMAsJU2o9CxHs9N4vwwFhdESB_lx24xN0M4o","nonce":"mXVvXKb_29TPO6S50Dzym8l9vY-NXyOxaOfkO136OrE","prompt":["login","consent"],"max_age":7200,"login_hint":"alice","expected":"u-alice"}]},"signed_in_at":1750000000}');
INSERT INTO interaction VALUES (3670016000000678607, 1, X'af34cc452bfeb595229970e1353341656227271db5e07e08d18892d0c9b97be7', 1750000900, 1750000000, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"keyed","returnable":{"redirect_uri":"https://keyed.example/cb","state":"Q-QatdDS9rg3OHXZhZSV9iPncbC_rsd_789Rnn9T0l8"},"scopes":"openid","resources":[],"challenge":"yR7ZyfZszAsCXrl1z30doEG0rV0fz1cdfG--dkOKk38","nonce":"tJ5GpGmPLPSE3HoskBE8aOK5wzJzc21ZhQ6tnPDXhjE","prompt":[],"max_age":null,"login_hint":null,"expected":null}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000001410823, 1, X'1ae4ca2c9f0fd07b3499d993884201061d72e85269d103724736efbeda7ec59b', 1750000900, NULL, X'76cefe38658529b814544f50744c9404f11cc139983729ebf1dca11c1122c0e8', '{"pending":{"SignOut":{"return_to":null,"state":null}},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000001515100, 1, X'5eb7f7117b3478b46f6c8c1c0bb2deb4145b39f0822a1d51a8acdc2743c7b736', 1750000900, 1750000000, X'792bd551cd8841e0c86dae9381c12ed0c7940663587d2ab7f61d9dc227a2764f', '{"pending":{"Authorize":["Consent",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"uZjRjjofI09dld7L2uC66juAeL-k_Bzps5zofTWq3kM"},"scopes":"openid","resources":[],"challenge":"mg2ZxlgGoBbbrTF20rl1ojcPAm1aTCaJjrIEIGLfutk","nonce":"yvYf4fb_5Gj6vd318R-Z1Hx9rPyRLIfVkN72LIYegA0","prompt":[],"max_age":86400,"login_hint":null,"expected":null}]},"signed_in_at":1750000000}');
INSERT INTO interaction VALUES (3670016000001724889, 1, X'e2d015ab4067182b8c7117982261c841420a525faca8432ae38144b5f35c198a', 1750000900, NULL, X'76cefe38658529b814544f50744c9404f11cc139983729ebf1dca11c1122c0e8', '{"pending":{"SignOut":{"return_to":"https://shop.example/bye","state":"s1"}},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000001867268, 1, X'b7df4c2fe2fe4aecae3fd3a8a4085a02f33465d4f96cf9ebfdb8af293c0aa6bb', 1750000900, 1750000000, X'76cefe38658529b814544f50744c9404f11cc139983729ebf1dca11c1122c0e8', '{"pending":{"Authorize":["SignIn",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"crYrseubl4hFGMrxI15oyY_kR6Kt5cFCiBs6nC9eDLg"},"scopes":"openid","resources":[],"challenge":"aILIwwIdH25DlbtVhSynW7nYJBzEMlsFrHGGbiBy9Sw","nonce":"mwKm-362gJ-T940YDhizmuz-d8nwsKn77gRPetylWx4","prompt":[],"max_age":86400,"login_hint":null,"expected":null}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000001889545, 1, X'99136967053edc0a013142dbfcf1c03957144e5607ca0639062c66beb18e35ce', 1750000900, NULL, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"app","returnable":{"redirect_uri":"com.example.app:/cb","state":"C7fgWgPfNYA0mmEdo7Ong1_sH3RyKakHxHcJLo9mdnQ"},"scopes":"openid","resources":[],"challenge":"Cw4j93sI-Nt47H6JstHrZoKy8snyotobevsQBROjJls","nonce":"4OC5P5_AkbbUm0KlWStLN6SDp2A4Hf2iP4jR4rpPQNQ","prompt":[],"max_age":null,"login_hint":null,"expected":null}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000002052810, 1, X'2eb3ea07949352d6efcbf29e5b386eb6ad8ab6c478d19c578ee51470d4cc84c6', 1750000900, 1750000000, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"J4Di0AjrpPizCsAvXsCmbOUoWim7LRpsAWTqLH3RdUQ"},"scopes":"openid profile email offline_access notes.read files.read","resources":[],"challenge":"zdp6qumPSrcLL2XAgiHyyh4jtAdFJbam0hMprKoBaH4","nonce":"6InTC4VCHozIMNFfO1AIwYlmAOmpEp4JvTAUg87-iYE","prompt":[],"max_age":86400,"login_hint":null,"expected":null}]},"signed_in_at":1750000000}');
CREATE TABLE consent (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject, client)
) STRICT, WITHOUT ROWID;
INSERT INTO consent VALUES (1, 'u-alice', 'keyed', 'openid', 1750000000);
INSERT INTO consent VALUES (1, 'u-alice', 'shop', 'openid profile email offline_access notes.read files.read', 1750000000);
INSERT INTO consent VALUES (1, 'u-bob', 'app', 'openid', 1750000000);
INSERT INTO consent VALUES (1, 'u-bob', 'shop', 'openid', 1750000000);
CREATE TABLE revoked_jwt (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    jti TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;
INSERT INTO revoked_jwt VALUES (1, 'k2VMEoWCV-nWd2y7FO8kVg', 1750001800);
CREATE INDEX revoked_jwt_by_end ON revoked_jwt (issuer, expires_at);
CREATE TABLE once (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    space TEXT NOT NULL,
    key TEXT NOT NULL CHECK (length(key) <= 64),
    until INTEGER NOT NULL,
    PRIMARY KEY (issuer, space, key)
) STRICT, WITHOUT ROWID;
INSERT INTO once VALUES (1, 'client_assertion', 'nWFFOsgU8jEaM67m4WauWIJ6NazMiW2_9rrtom66JXU', 1750000090);
INSERT INTO once VALUES (1, 'client_assertion', 'ry6iud7lDCduauMq0F6uDK4PKQ3Pkt9DRmTwBTt1OVU', 1750000090);
CREATE INDEX once_by_end ON once (issuer, until);
CREATE TABLE item (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (issuer, space, key)
) STRICT, WITHOUT ROWID;
INSERT INTO item VALUES (1, 'device', 'WDJB-MJHT', X'7b22636c69656e74223a2273686f70227d', 1750086400);
CREATE INDEX item_by_end ON item (issuer, until);
CREATE TABLE caller (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    client_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    secret_digest BLOB CHECK (length(secret_digest) = 32),
    secret_sealed BLOB,
    PRIMARY KEY (issuer, client_id)
) STRICT, WITHOUT ROWID;
INSERT INTO caller VALUES (1, 'app', 3670016000001483176, 0, NULL, NULL);
INSERT INTO caller VALUES (1, 'gone', 3670016000001144614, 1, X'618e11386f1a8ab240b5db663b6a0f134fb6089d3c014b3f6cd9f756b7d07cdf', NULL);
INSERT INTO caller VALUES (1, 'keyed', 3670016000002016123, 0, X'f41ea850fdde15f6f6e64dd506bda77e7175d9f8222b6357cc4d46106a8a8ac4', X'5ba13516c320f9a891bd5d3bdf0ce21c992374396e1160f452a4c0abb02df85ae30639c8ee62daeb139fb254d503fe15c3629571765dade18664776577');
INSERT INTO caller VALUES (1, 'notes', 3670016000001608472, 0, X'8ef2dc122932c028c33947929aa28798fbf05ff802677857548a81d230c87c0f', X'7f2abf00836c70aefca24e69a52273a21543a2bd406b1e9d069d1b4a00fd4f9cd88e568edd1118f595c2f75295782927fcd4975a192783a4b4caa028f3');
INSERT INTO caller VALUES (1, 'shop', 3670016000001154517, 0, X'2a9f97cbed15eed98a70d6c43e90ee91584fdcee9d75fb8af39cc3900e43420b', NULL);
CREATE TABLE client (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    id TEXT NOT NULL,
    metadata TEXT NOT NULL,
    require_pkce INTEGER NOT NULL,
    skip_consent INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, id)
) STRICT, WITHOUT ROWID;
INSERT INTO client VALUES (1, 'app', '{"client_name":"The app","application_type":"native","redirect_uris":["com.example.app:/cb"],"post_logout_redirect_uris":["https://app.example/bye"],"grant_types":["authorization_code","refresh_token","client_credentials"],"token_endpoint_auth_method":"none","scope":"openid profile email offline_access"}', 1, 0, 0, 1);
INSERT INTO client VALUES (1, 'gone', '{"client_name":"The gone","redirect_uris":["https://gone.example/cb"],"post_logout_redirect_uris":["https://gone.example/bye"],"grant_types":["authorization_code","refresh_token","client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"openid profile email offline_access"}', 1, 0, 0, 1);
INSERT INTO client VALUES (1, 'keyed', '{"client_name":"The keyed","redirect_uris":["https://keyed.example/cb"],"post_logout_redirect_uris":["https://keyed.example/bye"],"grant_types":["authorization_code","refresh_token","client_credentials"],"token_endpoint_auth_method":"client_secret_jwt","scope":"openid profile email offline_access","id_token_signed_response_alg":"HS256"}', 1, 0, 0, 1);
INSERT INTO client VALUES (1, 'shop', '{"client_name":"The shop","client_uri":"https://shop.example/","policy_uri":"https://shop.example/policy","redirect_uris":["https://shop.example/cb"],"post_logout_redirect_uris":["https://shop.example/bye"],"grant_types":["authorization_code","refresh_token","client_credentials"],"token_endpoint_auth_method":"client_secret_basic","scope":"openid profile email offline_access notes.read files.read","jwks":{"keys":[]},"default_max_age":86400,"backchannel_logout_uri":"https://shop.example/out","contacts":["a@shop.example"]}', 1, 0, 0, 1);
CREATE TABLE resource (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    identifier TEXT NOT NULL,
    client_id TEXT,
    settings TEXT NOT NULL,
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, identifier)
) STRICT, WITHOUT ROWID;
INSERT INTO resource VALUES (1, 'https://files.example', 'shop', '{"scopes":["files.read"]}', 0, 1);
INSERT INTO resource VALUES (1, 'https://notes.example', 'notes', '{"resource_name":"Notes","scopes":["notes.read"],"access_token_format":"jwt","access_token_lifetime":1800,"introspection_allow_plain":true,"resource_documentation":"https://notes.example/docs"}', 0, 1);
CREATE INDEX resource_by_client ON resource (issuer, client_id) WHERE client_id IS NOT NULL;
CREATE TABLE scope (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    scope TEXT NOT NULL,
    record TEXT NOT NULL,
    applied INTEGER NOT NULL,
    PRIMARY KEY (issuer, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO scope VALUES (1, 'notes.read', '{"scope":"notes.read","description":{"en":"Read your notes"},"claims":["locale"]}', 1);
CREATE TABLE signing_key (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retiring')),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (issuer, kid)
) STRICT, WITHOUT ROWID;
INSERT INTO signing_key VALUES (1, '9Os_m84lw2wE2N15fsKh3DOgNGeeZZCuCSlhtFrw48I', 'RS256', 'active', X'542cf149c0b7fe1b2543b30e57123d536484dd65c7c6dcfa4e637a642199e2106afedd4ef248f2365a4caea3923be641a355c3768558ad47b2871cab8b4b7b4327d9fa3f7f593d0ee779e0c6667168ce148cfadf540239113bfb1e4c7b92226736aeedaaa15e7c87469f249a7115ba05730bdd4cb8e0fcd3df6213e0270d86e3f966e94b47f1961ea6886e7f115c4ea667bc6107ba1a5b3322189794d9cd5e464abaaf5136719f03c39c66b51ce13cb88c25c1d62c3ec0f066c29b02849cae0243293f725fd4478931f4e78df5e5b099b63830e6ae6542038e2d89fb43d0cfa017fe18534fe50371cf1576d94741cd5ced3680fa63fee2a118acf16ac26b32e64a6f895e730a080a5fa1fbc0e534e69827d029f5a38039f625800b39b45b94dfd559ded13944c011dc153d63c3c1647788e420eb1cab6824ed03f67ff455baa846b1476a1fc8586ce89f83f3208dcfcfd5792cc5858950b98d131f9ac4a6098c938e390c7643d40b4e535040c47bc3a16c552552ac5a30e9510de9b091a0473b86fd958433b0af7b76a8b9f465185674a9b14555b81fe7be9dd6ec77e8dae396c9d3852476df053e7742934477a6f59453d93f3a7c45c35e2a3da4ebaa1147f067027353036e737f9051e124037216b0017e9bff55cf41c804633b59f5f01374d2080afeaeb759a2528182da51785b1bdd6cf5d7ea462125ba686ae5cf6b45270f8f6e28a2928739c47018e456014bbbb51ebed2d8f4475ce86a43f6799ecd96e4b0287a9ae323ca7b6aae47ccdc1fe1176bf4dd1ba0c81ecff3695d261646353acb74fa424f95856dc5caed1797cf7eb3ceb7367852ecc534c1d6f37da242e39790f3f6e72d9a61c70b220fa2253d03a60dbe0af203fcbaba6ec2dac36562518becf085d296889b1def4036b235cd2301ee863dbc00fe1ac6ebb159be0c07b59da761883d9fff4b470067ec44b8ae0bcf0f33860c6d732369129388a157e263ffb1957766c16d791efeb121b7fbcaee9dcbdde08141168cfb832a2102fa1fe3cdb2dc7e5c2bd469016828f87f52684032517c1687f3519145468e4de850343a595bb331bca62e71b53de42e31a854be05983beb8b3e68a20e3e6d91466f352905acda43830e561ee3a175b734c986409e5c2bab2f033c4aa06b7a19efee95355e6d7b2189987633c6f00d6eba0d149cb66d9763ce86c76af764d20b75e35981bdcc2c6ddac7f419350b651eb5cde62e9afe73a9becda19a24475d38150bd674a2bcfd2bb97a8fa5bc56acbfdee75fe806a87d97e2951e0ae0a46a31395fd601a015be5b68c5e8ac4314923dbdb901a69af9e1eee246f75398ec514981243e398019ee7b00f2fed1bd615bda594a971b0c4f1121049795c60ef70f5f4d3b00ff7848ced5bdd80d656705d99394c5fecb3877ac907311f85fd4d50e242a16e262552ff5d07192f89897fb17ab6a374516a6a36646751e8947a380a20b08a5c3bdc56792f4e32b69bf3d20ddfe5521aeb2b6bb7ed7cee98d8fb075082b933aa948ac124a01f63f8925dc74e151673ae0ff0b3e48773ff84c3f26ad045d357443bb91ee4694c58b728bb423b64578f2c5b23ce54cd26524914f82787d7854043f6956c6c9735330a3cca4b46bdaedc8214b70ead383a8e31aacb898f7b2f95f4f7472e92de68291a5b22e9e0340b71f5072952862fa9db66b499829625029417a05f6a4206f7ac84205b29cb268b4bbe26aa80d55949efd8ebea960ccc079dffe7b6f3b4d9c8883a5a73159c1c94e89eb420a64d247d95cd100540b4e2f45e081e27ff6b1d5d9352bd149713a8fef1165df0c55bfea1b84e09cf4a90f3a64688f0ed6e505f26d70a5e6a6c1d727bb054a1a3ca78df648a64ac2d92c24c09cd3ee6e4f30143ce423e17c53d0fe8964cb72d37e57d0dcb70b3dce83f8cf497a2cefbd2d60838eb078657aa442f101c773ad6305d2803becbcf4dbc51647c1352c0e45211166ca44d1fc18ff64f54f9e27385b78587761ea05c8d21dea2716c83501b995b0e124aef0f84de61990d4a0399a86dbb775c62886d3468a9afb57145cfc030c19a8ee49a1ff6892a63558df33558ddb61e3acccbfa7a7031ff42415f3b495014988d30e147ea733e2ce639dde1719a95539f9a26c735d2b20262e38f58a162de9e5397d23cd2c683f946e68223b3740b43fc2dc320728e161a9395962b617451a79717747eb512de52111eb383daf67b182898b7132d3351777046855bf7d632d7bf866bf7c9b029351aa44e6bf8269779af663c2333c55529e8977a358a5f9df123599db4dd15246dd599e358cd147615e085ceb86c3c13d5af5ff5f223574a62ff834cbc54ccdd9550c826c26f66f9347b8cba77ec4e45204d1f5e53aa37be87115b9b0dcf30871f194990f7c9811ee08b0737f64c865', 1750000000, NULL);
INSERT INTO signing_key VALUES (1, 'XyPhf4Z3fs5ABbd4C9PpE-9GypNEaeBnKEipySFp45M', 'ES256', 'active', X'a1bffe4f3e1ebcbe8fb605e5feaad8ddae1e293dd257f131a5a1a3f64886dcc0b939d0a4aecbef6ed345ce96d896fc26d305e28810d4675a5682c3e7d3637581f9e46f2adffe44c14f3a94b48aeefc95b4db450c0f5ff765e7aed8d670144cd3ac07eb0417628676f847a3227e2aac08c674dc89889f8ab66fe0ad009497f8278a0dfbc077ad396964f444a1099371cc1ca2c3e14f262c973902fd02910ff6bfd2ad91820dad57aa9ec7c245cbf07e9c48a3037b4b7666655bb7419dcc61ec4f6a6831434714cda8e5fcf7b7f5609139d5f7a2865980e95fdf8919da4e7d1132e7e5c916307923dbe819797c45ae1d603501c6218ee3dfd26fd3c2b9054c8f29e31a5e240f54b7deb807b008d08683b0f2d522f22256c8919ecf', 1750000000, NULL);
INSERT INTO signing_key VALUES (1, 'YQWnlFHZCsvOkITdLa6shR2dr1NlTWAC7bCE4YRDnpw', 'ES256', 'retiring', X'fcd0b8f02eaf345d5469f3299c365d6c4f1dfdf9dfc51e8f4be54c96544c3c6978aaac28355a6c6db5dfd21aa8b1058d1f6ec1ee415f137434e5ffa2d9e0fb4c466ceb5dbd626dde2a41b91d65428da132716eb820ceb47843cc94b08ccab8cd1c935db11c85999c73863aabaa41e8a126c2ceb532e6a01d8827007e99886cebc7fd49a4f5e2bcea535dcc15aaa60e51093e35784785ddc19b19163c02423f9528c12c5670c5a2404833dec6e44d50fe0ed5346ef1b754dd1d0154c3f726716db12ea88f3f61720e6bb86b4f45e50ff60703a5ff8477504556db3e70f8c3ca94a5c0e9c3b8d2297ec07b8f95348f2021b6cb10d1777dd2366d3f3257c6b77f0d571cede777f746e38f061b2e224701a9b750d41045b43c10df0c', 1749999900, 1749999990);
CREATE TABLE event (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    cursor INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    subject TEXT,
    client TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (issuer, cursor)
) STRICT, WITHOUT ROWID;
INSERT INTO event VALUES (1, 1, 'session_ended', 1750000000, 'u-bob', NULL, 'Mu6EG4ASuEY');
INSERT INTO event VALUES (1, 2, 'replay_detected', 1750000000, 'u-bob', 'app', '7');
CREATE TABLE account (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    username TEXT NOT NULL,
    canonical TEXT NOT NULL,
    password TEXT,
    disabled INTEGER NOT NULL,
    claims TEXT NOT NULL,
    applied INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO account VALUES (1, 'u-alice', 'Alice', 'alice', '$argon2id$v=19$m=19456,t=2,p=1$G1uZZrxT4dE7MZmYNml+Vg$0B5QCtti15AYY+wv5U356/s4pUtRSEldLpHuRGO9zrw', 0, '{"address":{"country":"FR"},"email":"alice@example.org","email_verified":true,"groups":["staff","ops"],"name":"Alice Martin"}', 1, 1);
CREATE UNIQUE INDEX account_by_username ON account (issuer, canonical);
