package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/disk"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/secret"
	"sharezone/internal/signup"
)

// askSignup has a link sent to whoever asks for an account, if that address may have one more. Whether anything was sent, and why not,
// stands in the log alone: the answer is always the same and takes the same time, whoever has an account or has asked before.
func askSignup(q request, _ caller) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	// 1. Refuse if by this entry nobody may ask.
	address, err := parseOrigin(q)
	if err != nil {
		return reply{}, err
	}
	if !settings.SignsUp(q.Entry) || q.Applicant == nil {
		return reply{}, &told{"nothing", "nobody asks for an account by this entry, or no words"}
	}
	// 2. Refuse with "busy" if others ask as well. These slots are not those of the login: who asks for an account must keep nobody out.
	slot, err := takeSlot("signup", settings.Login)
	if err != nil {
		return reply{}, err
	}
	began := time.Now()
	// 3. Refuse what no account could have, or if the store is full: of that everybody may hear.
	// 4. Send nothing if the mail address, who asks, or all together have asked as often as may be today (internal/signup).
	err = signup.Machine(settings.Signup).Ask(*q.Applicant, q.Entry, address.String(), attempt.Bucket(address), sendSignup)
	slot.Close() // before the pause
	if errors.Is(err, signup.ErrMany) {
		log("signup", fmt.Errorf("from %s: %w", address, err))
		err = disk.Try(layout.Secrets, make([]byte, linkSize)) // a full spool refuses whoever asks: others must not be told apart by it
	}
	pad(began, questionTime*settings.Login.Failure)
	return reply{}, signupError(err)
}

// linkSize is about what the note with a link takes, in bytes.
const linkSize = 500

// signupError is what whoever asks is told.
func signupError(err error) error {
	var field *accounts.FieldError
	switch {
	case errors.As(err, &field):
		return &told{"field", err.Error()}
	case errors.Is(err, signup.ErrUnknown):
		return &told{code: "refused"} // and no log: anybody can make links up
	case errors.Is(err, signup.ErrRoom):
		return &told{"full", "signup: " + err.Error()}
	}
	return err
}

// sendSignup hands a link to the worker.
func sendSignup(text string, r signup.Request) error {
	spool, found := accounts.NewNames().GroupID(layout.UserSpool)
	if !found {
		return errors.New("no group " + layout.UserSpool)
	}
	privileged.Note("auth", fmt.Sprintf("signup: a link goes to %q, asked for from %s", r.Email, r.Address))
	return secret.HandOver(layout.Secrets, r.ID, spool, secret.Secret{
		Kind: secret.Signup, Address: r.Email, Language: r.Language, Text: text, Expires: r.Expires.UTC(),
	})
}

// lookAtSignup says what a link would confirm. It leaves no trace: programs that look into mails ask, too.
func lookAtSignup(q request, _ caller) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	// 1. Refuse if the link is none or is over.
	r, err := signup.Machine(settings.Signup).Look(q.Token)
	if err != nil {
		return reply{}, signupError(err)
	}
	return signupReply(r), nil
}

// confirmSignup takes the link: from now on administrators see the request, with the words that the link was sent for.
func confirmSignup(q request, _ caller) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	// 1. Refuse if by this entry nobody may ask any more.
	if !settings.SignsUp(q.Entry) {
		return reply{}, &told{"nothing", "nobody asks for an account by this entry"}
	}
	// 2. Refuse if the link is none or is over.
	r, err := signup.Machine(settings.Signup).Confirm(q.Token, tellAdministrators)
	if err != nil {
		return reply{}, signupError(err)
	}
	return signupReply(r), nil
}

func signupReply(r signup.Request) reply {
	return reply{Applicant: &r.Applicant, Confirmed: !r.Confirmed.IsZero()}
}

// askedTime is for how long what administrators are told waits for the worker.
const askedTime = 7 * 24 * time.Hour

// tellAdministrators hands one note for each to the worker, which makes one mail an hour of them. Its name is of the request and of whom
// it tells: what is said twice, because somebody was killed, is told once.
func tellAdministrators(r signup.Request) error {
	names := accounts.NewNames()
	spool, found := names.GroupID(layout.UserSpool)
	if !found {
		return errors.New("no group " + layout.UserSpool)
	}
	var err error
	for _, admin := range names.Members(layout.GroupAdmin) {
		id := sha256.Sum256(fmt.Appendf(nil, "%s %d", r.ID, admin.UID))
		err = errors.Join(err, secret.HandOver(layout.Secrets, hex.EncodeToString(id[:8]), spool, secret.Secret{
			Kind: secret.Asked, User: admin.Name, UID: admin.UID, Text: r.FullName + " <" + r.Email + ">", Expires: time.Now().Add(askedTime).UTC(),
		}))
	}
	return errors.Join(err, names.Err())
}
