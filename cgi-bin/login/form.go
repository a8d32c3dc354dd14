package main

import "sharezone/internal/web"

// loginForm is what the login page shows. The password is never shown again.
type loginForm struct {
	Carried  *web.Carried // what was sent without a session, nil = nothing that is shown again
	Next     string       // local path to return to: "/cgi-bin/shz/demo/"
	Username string       // as typed before, after a refusal
	Ended    bool         // the session that was to end had ended
	Forgot   bool         // a forgotten password can be set by mail
	Signup   bool         // who has no account can ask for one
	Message  string       // why it was refused, in the user's language; "" = not tried yet
}
