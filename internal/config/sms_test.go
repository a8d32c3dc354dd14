package config

import "testing"

// TestTransport: what sends short messages is named whole, or refused.
func TestTransport(t *testing.T) {
	for v, want := range map[string]SMS{
		"":                                      {},
		"command:/usr/local/sbin/send-sms":      {Way: SMSCommand, To: "/usr/local/sbin/send-sms"},
		"command:/usr/bin/gammu sendsms TEXT":   {Way: SMSCommand, To: "/usr/bin/gammu sendsms TEXT"},
		"gammu:/var/spool/gammu/outbox":         {Way: SMSGammu, To: "/var/spool/gammu/outbox"},
		"smstools:/var/spool/sms/outgoing":      {Way: SMSTools, To: "/var/spool/sms/outgoing"},
		"mail:{number}@sms.example.org":         {Way: SMSMail, To: "{number}@sms.example.org"},
		"mail:sms+{number}@gateway.example.org": {Way: SMSMail, To: "sms+{number}@gateway.example.org"},
	} {
		s, err := parse("[sms]\ntransport = \"" + v + "\"\n")
		want.PerDay = 50
		if err != nil || s.SMS != want {
			t.Errorf("%q: %v, %+v", v, err, s.SMS)
		}
	}
	for _, v := range []string{"gammu", "gammu:", "gammu:outbox", "gammu:/", "gammu:/var/../etc", "smstools:/a/", "command:", "command: ", "command:send",
		"command:/bin/send\\n/bin/id", "mail:sms@example.org", "mail:{number}", "mail:{number}{number}@example.org", "mail:{number}@example.org, x@example.org", "fax:/dev/fax"} {
		if _, err := parse("[sms]\ntransport = \"" + v + "\"\n"); err == nil {
			t.Errorf("%q is taken", v)
		}
	}
	for _, v := range []string{"+39", "039", "x", "1234"} {
		if _, err := parse("[sms]\ncountry = \"" + v + "\"\n"); err == nil {
			t.Errorf("country %q is taken", v)
		}
	}
	s := SMS{Way: SMSMail, To: "{number}@sms.example.org", Country: "39"}
	if got := s.Gateway(s.Number("333 1234567")); got != "393331234567@sms.example.org" {
		t.Error(got)
	}
	if s.Way = ""; s.Number("+39 333 1234567") != "" {
		t.Error("a site without short messages has a number for them")
	}
}
