package main

// passwordForm is what the page for a new password shows. No password is ever shown again.
type passwordForm struct {
	Message    string // why it was refused, in the user's language; "" = not tried yet
	Next       string // local path to go on to, "" = home
	MustChange bool   // nothing else is allowed before
}
