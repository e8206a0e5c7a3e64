PRAGMA application_id = 1347638868;
PRAGMA user_version = 3;
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
INSERT INTO interaction VALUES (3670016000000485680, 1, X'2c2a80fac9bfa06505e1d942311642bfd480591bccc50360be8ca1c02761c52b', 1750000900, NULL, X'5ce9c05f1e305382e958344d6699a60de8dca9cffd525e13735230e2635bd0e2', '{"pending":{"Authorize":[null,{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"a b&c=ü"},"scopes":"openid notes.read","resources":["https://notes.example"],"audience":["https://notes.example"],"challenge":"Bu-Nsy3YEpQ_xWqzsA_bxCim5HGZQLBkHa6Qh1r5u4w","nonce":"AU6Iu4nV6hDzFvFnRkJ1bQf5Rq3FzFVLTENl3bqxy8s","prompt":[],"max_age":7200,"login_hint":"alice","expected":"u-alice"}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000000559279, 1, X'38d26334333711cf468adb034583de9d63d4e1498449caafff0519ca033fc223', 1750000900, NULL, X'af299f81c7b9281141de95c084049172134ee5f055c7cf5bd9efb703999194c7', '{"pending":{"Authorize":["SignIn",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"a b&c=ü"},"scopes":"openid notes.read","resources":["https://notes.example"],"audience":["https://notes.example"],"challenge":"e9rOgjl4KK7v0cueNtkhBkllAXU45cCW1u-gkjZ6-40","nonce":"QllUabxFNSEFhRZZoVlAePg7cqQ0Dpm10MLbH-M17-k","prompt":[],"max_age":7200,"login_hint":"alice","expected":"u-alice"}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000000612763, 1, X'4196b9f58efc0e228cfba68d7f997bacf608e2755381a179573fd54ca849e0ae', 1750000900, NULL, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"a b&c=ü"},"scopes":"openid notes.read","resources":["https://notes.example"],"audience":["https://notes.example"],"challenge":"4NfxDJioMAsJU2o9CxHs9N4vwwFhdESB_lx24xN0M4o","nonce":"mXVvXKb_29TPO6S50Dzym8l9vY-NXyOxaOfkO136OrE","prompt":["login","consent"],"max_age":7200,"login_hint":"alice","expected":"u-alice"}]},"signed_in_at":1750000000,"session":3670016000000266606}');
INSERT INTO interaction VALUES (3670016000000678607, 1, X'af34cc452bfeb595229970e1353341656227271db5e07e08d18892d0c9b97be7', 1750000900, 1750000000, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"keyed","returnable":{"redirect_uri":"https://keyed.example/cb","state":"Q-QatdDS9rg3OHXZhZSV9iPncbC_rsd_789Rnn9T0l8"},"scopes":"openid","resources":[],"audience":[],"challenge":"yR7ZyfZszAsCXrl1z30doEG0rV0fz1cdfG--dkOKk38","nonce":"tJ5GpGmPLPSE3HoskBE8aOK5wzJzc21ZhQ6tnPDXhjE","prompt":[],"max_age":null,"login_hint":null,"expected":null}]},"signed_in_at":null,"answered":{"by":"allow","code":"7epLWDAhPDMXixUr3GD7e6SNswMwU5J8Vdwfh55WrQA503-0piTikLbDdVc2-r25whIhfGnMbvEzqzekfHu9hRiMEeBumHU"}}');
INSERT INTO interaction VALUES (3670016000001410823, 1, X'1ae4ca2c9f0fd07b3499d993884201061d72e85269d103724736efbeda7ec59b', 1750000900, NULL, X'76cefe38658529b814544f50744c9404f11cc139983729ebf1dca11c1122c0e8', '{"pending":{"SignOut":{"return_to":null,"state":null}},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000001515100, 1, X'5eb7f7117b3478b46f6c8c1c0bb2deb4145b39f0822a1d51a8acdc2743c7b736', 1750000900, 1750000000, X'792bd551cd8841e0c86dae9381c12ed0c7940663587d2ab7f61d9dc227a2764f', '{"pending":{"Authorize":["Consent",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"uZjRjjofI09dld7L2uC66juAeL-k_Bzps5zofTWq3kM"},"scopes":"openid","resources":[],"audience":[],"challenge":"mg2ZxlgGoBbbrTF20rl1ojcPAm1aTCaJjrIEIGLfutk","nonce":"yvYf4fb_5Gj6vd318R-Z1Hx9rPyRLIfVkN72LIYegA0","prompt":[],"max_age":86400,"login_hint":null,"expected":null}]},"signed_in_at":1750000000,"session":3670016000001226822,"answered":{"by":"allow","code":"SEf_j_7hniwPgyGe7PL-Dv936qIxLF4-gFVPScpNxJxYxMDgj1cq3XIiAt3foyxZBvzkFkK6QqMaghRSQdePHMN6v7tu2E0"}}');
INSERT INTO interaction VALUES (3670016000001724889, 1, X'e2d015ab4067182b8c7117982261c841420a525faca8432ae38144b5f35c198a', 1750000900, NULL, X'76cefe38658529b814544f50744c9404f11cc139983729ebf1dca11c1122c0e8', '{"pending":{"SignOut":{"return_to":"https://shop.example/bye","state":"s1","client":"shop"}},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000001867268, 1, X'b7df4c2fe2fe4aecae3fd3a8a4085a02f33465d4f96cf9ebfdb8af293c0aa6bb', 1750000900, 1750000000, X'76cefe38658529b814544f50744c9404f11cc139983729ebf1dca11c1122c0e8', '{"pending":{"Authorize":["SignIn",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"crYrseubl4hFGMrxI15oyY_kR6Kt5cFCiBs6nC9eDLg"},"scopes":"openid","resources":[],"audience":[],"challenge":"aILIwwIdH25DlbtVhSynW7nYJBzEMlsFrHGGbiBy9Sw","nonce":"mwKm-362gJ-T940YDhizmuz-d8nwsKn77gRPetylWx4","prompt":[],"max_age":86400,"login_hint":null,"expected":null}]},"signed_in_at":1750000000,"session":3670016000000785782,"answered":{"by":"sign_in","code":"B4CNzTMmYJTTbd4ptrqUwMpoo7dzUfe8XKN8LW8ZyEAMpgJFYXtzQeSEh9s6Zj1OY8eucRg7jRXWH7zQtHawe1N8EVFGBbo"}}');
INSERT INTO interaction VALUES (3670016000001889545, 1, X'99136967053edc0a013142dbfcf1c03957144e5607ca0639062c66beb18e35ce', 1750000900, NULL, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"app","returnable":{"redirect_uri":"com.example.app:/cb","state":"C7fgWgPfNYA0mmEdo7Ong1_sH3RyKakHxHcJLo9mdnQ"},"scopes":"openid","resources":[],"audience":[],"challenge":"Cw4j93sI-Nt47H6JstHrZoKy8snyotobevsQBROjJls","nonce":"4OC5P5_AkbbUm0KlWStLN6SDp2A4Hf2iP4jR4rpPQNQ","prompt":[],"max_age":null,"login_hint":null,"expected":null}]},"signed_in_at":null}');
INSERT INTO interaction VALUES (3670016000002052810, 1, X'2eb3ea07949352d6efcbf29e5b386eb6ad8ab6c478d19c578ee51470d4cc84c6', 1750000900, 1750000000, X'8580e12be05fae4c660dcc5049e42287d5593ee51a11f529a3346a6082a941e2', '{"pending":{"Authorize":["Consent",{"client":"shop","returnable":{"redirect_uri":"https://shop.example/cb","state":"J4Di0AjrpPizCsAvXsCmbOUoWim7LRpsAWTqLH3RdUQ"},"scopes":"openid profile email offline_access notes.read files.read","resources":[],"audience":["https://files.example","https://notes.example"],"challenge":"zdp6qumPSrcLL2XAgiHyyh4jtAdFJbam0hMprKoBaH4","nonce":"6InTC4VCHozIMNFfO1AIwYlmAOmpEp4JvTAUg87-iYE","prompt":[],"max_age":86400,"login_hint":null,"expected":null}]},"signed_in_at":1750000000,"session":3670016000000266606,"answered":{"by":"allow","code":"CdJmtfVXLVPVtJ_Q3vg-M6_c49xfaSJN0TfHzvJ1mS_kUjTS-OamBc2aqzCa_e_9q4VFs5IbqCgQKvyXo0gRmdZbE-faOP4"}}');
CREATE TABLE consent (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    client TEXT NOT NULL,
    given_at INTEGER NOT NULL, approved TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (issuer, subject, client)
) STRICT, WITHOUT ROWID;
INSERT INTO consent VALUES (1, 'u-alice', 'keyed', 1750000000, 'openid');
INSERT INTO consent VALUES (1, 'u-alice', 'shop', 1750000000, 'email
files.read https://files.example
notes.read https://notes.example
offline_access
openid
profile');
INSERT INTO consent VALUES (1, 'u-bob', 'app', 1750000000, 'openid');
INSERT INTO consent VALUES (1, 'u-bob', 'shop', 1750000000, 'openid');
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
INSERT INTO caller VALUES (1, 'keyed', 3670016000002016123, 0, X'f41ea850fdde15f6f6e64dd506bda77e7175d9f8222b6357cc4d46106a8a8ac4', X'b054528b715908f9c4b9c496dd7a3edda91a28aac338624fb9ef4dd59a8db0f8e69d9af28ce40214582e7bdb2cc4f724d133ff4ce7ee7699e0ae79d836');
INSERT INTO caller VALUES (1, 'notes', 3670016000001608472, 0, X'8ef2dc122932c028c33947929aa28798fbf05ff802677857548a81d230c87c0f', X'd42c94cea77fa1fdfb44f814651fcdeb75f2f49260cb46eff616ff454e89020e4be797541eeb492b209e69051232b18ef0a90ee3fa9a13f353df766684');
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
    retired_at INTEGER, active_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (issuer, kid)
) STRICT, WITHOUT ROWID;
INSERT INTO signing_key VALUES (1, 'LnuOUcQDM1ZeWFXGREOqlw6w77ZBQFMyqbEj3bK41qg', 'ES256', 'retiring', X'2ffeb729cdcfa6656b6fb4def465bdc4bb4169267ab3e43f09252a57d9eb36d4d81757f93b10034d5cb06ef40d55dd3da76a4fa93f9625a231e132b162eeaad2659408c64df06dfa0b12e70b661035f18bdcac21468c6d69aa83cd77438d6403d76d732a596e354e32128e15c0da05ff14fd56b1f2c0af7b5bedd2e9ab9bb5fab88ab4067b5ece991aef65a01d45371cd9b526c1a89d3dcd8c2e8463951365830ef3808976f39ca38da109be291670d2d0d10b785c0bc00bfd08cfcb2e7bb72e5ffff59c346b041b0d6f6f75016cfcb8a3eb919ddc0dce3e59e1e15be0d1825aaa487f1b2c41a6c9c9375e69131505b3afc28a2851b8ab06fa745f8e10f498000cea7d89cca55b5369be32ea8be7651cc2419ddce97dda4781ec', 1749999900, 1749999990, 1749999900);
INSERT INTO signing_key VALUES (1, 'mXwNYUDUyLfp-lKALcKbCSl89NJEeRgQY3ZCaX4zsjM', 'RS256', 'active', X'49c2786959823e1a8f09455cd5da7344fe147dff816acb1750e8fc33f07a60027ced57ccd90b6ad8cf240f5374ed5086925df8c73527c5677b3afe03848589bf6fe91b8afe890d996193e4843d7c734a612d8759d0d4477851d280b408ceb0cad4591497a78256026a1c6f28dee19069c9067ce49c4614e1e06f7131b6a9d6f877a0fc8fbf186075f8d294547b40c3becce0f835cbb89508440bdefcf35fb416c47ad2f0c0bc10fa6701ea91e4565a0efb967d9fd1a2e747e797aa53c9cf2bfa06c187810faeab3b8b8bd750bada4fd52a0724562c4f72b0925daca5ab2b8604067ac5ab689d3ddcdcc948671327ff1947bf258b3f56088d7dd40a93f6fde1f9749c72002cf32eea4138cb157c3f736a4139d17f27e428bd413916acb881308b2e89a0a8973e8126da4eb832ca0b9d1ebd3695f89a84f087b7ef03362d7b46c34b14c5ac820dab955b66fd0a89c213b1d9fc532cda4712ed3a02928265266b857db68e5ac5512bb4f149d469963c30ecacd578ca18ef6b50e3332c804082af676555e6acf1ed10694731621ee9948bd32b86aae76365dfdd1b01113560d43ceec621a0cb61e2f0d37307172e46ddb3987af87f90688c1fce0a4ca306aed8392d01c9ee468c0598bd6c44d71a68d535849976dbf9e1bdf2819e6dd026fa40024263ee05e6769ed948e0ac26f1085c2bb2fbf059b56d8eaad1c40f11e86514d48fc3c7c45d776bcbc7159b84f743fa9c6e845af3120cf27dd4cfbbf33691ad59342f20bc025b1ce755a1ebbace5850110a3efa2826cec2e4acbad35ff053a79eefbfc8a146ed9bf4947cdf1d4a46d17c3016e3bff749142c0cd68f99f894b2ab18c5ae506e8c58607b27a15e279e3700b8bca1bb109af1a707f7a3f774ca088f46a96fc5da5f45be78fe4d98b78b8c4218916ced52c9fc7e32c9a47a5bf83e83508a8bd68990fc5bf55176b42f24d9f561a88aa7e541ef98f57bd1cd4b6002c501a06d4098b91a9918e004053e596f1040ede3279c6f847d465f1341b69a91fb4bbdd96e8fe748a53713335afca580f32c00ed59da50f7f28264bc935114bdc04e9f82f7ee00368b81ccae4bcab5879f32934193c00ac55697f27b8160b30a833ab677fe5a601562da8ea9fa66bf25206cae67453d2a879252aabbcb88a507b267259c63c2361b1bf75a51849fe00a1a395e50ac650f87ba099ded409e3ec9454621e975154f78a62d420e87a65ae2a1b4fa560326f490b5fc1703a576820acd4da75eb4366de5cd3a7add86c7290e12beabbd8dc1f3fd3bd9b222b6fdc27c8824044f1005602f254b7633f524c73f3175831e1e5e73daf1f007160609aa0e9341e34153dd97ef365c2f8e952ef517a428faf94ce7497ea5011de7de27b7d13fadfe1796978579dade09f547ec6139640e965f08a71a40fc39dc09e00f7a1acab4860768f8bf86beac7d3ac0fa83f262615412489de6341b88132fd94e36cd73aa83b3c9f873a9dbbe953aab29232bd4b8bdde9514dad16019b40ff09022a1491f10ba10f13d57416f50c7c1c1d1b1665f98d202467b934e3df331b3585776e50eeb727180cf3f32e569cc0c3bbc117d512322b796b1582ef4fc6834ca1aa907319b4a3e82a466c94e49222ec6c4c37830904082329e39b2eba23eee8a0fe1e72eaa3aa495132ab70ccf411af774bf3e5745e373ed4292d3041374a66d0c6c424172ecf43435b0c5b058a1bbf25c4148fa6163185c72a51b916a8c900fbc81ad513997722a6d55e52e3a392f74d0bf703ede2789c908a0f080bc56101e9eaf13eff159760c52aea5ed2b816b3e91f06ad4b60163158da3ae9106956393d34071e2139eba7ff4e9c162457e5d44c4e8f47c3db99f8000b0e68f45495b6c50f9ca1fa312ef9c77737482875a95743c6bf30cd7f80ff554db9ac61fcba50c43135ae4640fddb63f6df20b63027c871c4d9f229ab54c430cbdb00acd690a01119d608fd129414c0a2a631c951fb3cb187d904c7ae2641c06e76cbd25db8a13e7528f662869ef63185e6ea5ca92d775c7f3959b9be1831f6d0bb5ead39f2213ce608e73ac2183d97afbca100966e2ed5997d535cd58e0023f2db6adf20cf19d169cc43ff7d2c847983becc8aa8aee4077fba3fee091aff9b571c62c6d149b0c0824b729817168f04e1fba69b84e777f90f1d6faa6f69d2b91637c0237e2109c601c4db0f0bf47d16813717cd35857aea4e6f976ef8efdc48abe784389387634e049e35a065153a22de52bac923a1e8f0748d80109ef22bd32b62cc01c694d82a97b2c84d36b123652b4f082eeacb90cceb2e3ac3ce3917768ddadfa0b40ffd00f1b7bb446b1e79c1471925dac18d83497556a3fcf0a982711b9eddba9b3f69c0c599c0e5097640d54153cdeddac2b7d00f7df8c2f2d0f28b393f9df77', 1750000000, NULL, 1750000000);
INSERT INTO signing_key VALUES (1, 'zC3ZCNnsk-m4J94lROgkuQIFQPzAXsGgDopmp50FX8w', 'ES256', 'active', X'63b2ad327069cb46b02f84c25b1f0b67aaf42ed7b7d6f92778b5fe2bef5a42584e173db4f58f6630a6560644374ccb34bca04fc37812843b6e388e05a3e4747e48e6407dd1c7eca5c5484e90777022af543a21400df610d0d473d40f4e71c2894b6a5505f63fb3afc18213412a77700e89011ab04ca3085817dd5e69352342bf654c7b12a5e8864d657f510332a608687bfc4012b358f2d1b55d809b1ab57ddfbae4b2cae23e9acb7200d41f9c701a8cf39912e33223583f5c6c0734be67015fdcfdc0ebb027a5f00fed70f0c2c4ee7dd59c6abee9c297c8856a9473d0bd797f557987d17ad2a9a1d45bc294b375e89232c9256e530279b3c0ef74f650bb1aea3fb74634550d1d04a06d788ffc81658d483528b0d190640168b9', 1750000000, NULL, 1750000000);
CREATE TABLE event (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    cursor INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    subject TEXT,
    client TEXT,
    detail TEXT NOT NULL, actor TEXT, request_id TEXT, why TEXT,
    PRIMARY KEY (issuer, cursor)
) STRICT, WITHOUT ROWID;
INSERT INTO event VALUES (1, 1, 'key_changed', 1750000000, NULL, NULL, 'zC3ZCNnsk-m4J94lROgkuQIFQPzAXsGgDopmp50FX8w', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 2, 'key_changed', 1750000000, NULL, NULL, 'mXwNYUDUyLfp-lKALcKbCSl89NJEeRgQY3ZCaX4zsjM', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 3, 'scope_changed', 1750000000, NULL, NULL, 'notes.read', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 4, 'client_changed', 1750000000, NULL, 'shop', '', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 5, 'client_changed', 1750000000, NULL, 'keyed', '', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 6, 'client_changed', 1750000000, NULL, 'app', '', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 7, 'client_changed', 1750000000, NULL, 'gone', '', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 8, 'resource_changed', 1750000000, NULL, NULL, 'https://notes.example', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 9, 'resource_changed', 1750000000, NULL, NULL, 'https://files.example', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 10, 'token_revoked', 1750000000, NULL, NULL, 'k2VMEoWCV-nWd2y7FO8kVg', 'client:shop', NULL, NULL);
INSERT INTO event VALUES (1, 11, 'session_ended', 1750000000, 'u-bob', NULL, 'Mu6EG4ASuEY', 'user:u-bob', NULL, 'signed_out');
INSERT INTO event VALUES (1, 12, 'key_changed', 1750000000, NULL, NULL, 'LnuOUcQDM1ZeWFXGREOqlw6w77ZBQFMyqbEj3bK41qg', 'server', NULL, NULL);
INSERT INTO event VALUES (1, 13, 'replay_detected', 1750000000, 'u-bob', 'app', 'code of grant AAAAAAAAAAc', 'server', NULL, 'code_replayed');
INSERT INTO event VALUES (1, 14, 'session_ended', 1750000000, 'u-carol', NULL, '', 'server', NULL, 'session_killed');
INSERT INTO event VALUES (1, 15, 'grants_revoked', 1750000000, 'u-carol', NULL, '', 'server', NULL, 'session_killed');
INSERT INTO event VALUES (1, 16, 'account_changed', 1750000000, 'u-alice', NULL, '', 'server', NULL, NULL);
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
INSERT INTO account VALUES (1, 'u-alice', 'Alice', 'alice', '$argon2id$v=19$m=19456,t=2,p=1$xeRKfyp2yraDslOMNGpsjQ$iHU9iGOyoCYE4RaQ1zI4PHtIFPF1T9C3uuOXvz+JmYI', 0, '{"address":{"country":"FR"},"email":"alice@example.org","email_verified":true,"groups":["staff","ops"],"name":"Alice Martin"}', 1, 1);
CREATE UNIQUE INDEX account_by_username ON account (issuer, canonical);
CREATE TABLE subject (
    issuer INTEGER NOT NULL REFERENCES issuer (id),
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO subject VALUES (1, 'u-carol', 1);
CREATE INDEX access_that_introspects ON access (issuer, client) WHERE scopes = 'introspection';
