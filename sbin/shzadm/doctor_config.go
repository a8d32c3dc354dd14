package main

import (
	"errors"
	"fmt"

	"sharezone/internal/config"
	"sharezone/internal/zone"
)

// checkConfig reads the settings as every program does. What is wrong with the file itself (owner, mode, kind) is said
// among the paths.
func (u *checkup) checkConfig() {
	_, err := config.Read()
	var refused *config.Error
	if errors.As(err, &refused) && refused.Problem == config.Untrusted {
		err = nil
	}
	u.check(err == nil, configFinding(err))
}

// configFinding says what is wrong with the settings. No command can know what the administrator wanted, so it opens
// the line for him.
func configFinding(err error) finding {
	var refused *config.Error
	if !errors.As(err, &refused) {
		return finding{Check: "unreadable", Subject: config.Path, Found: errorText(err)}
	}
	f := finding{Subject: refused.Place(), Found: refused.Detail, Mend: "sensible-editor " + config.Path}
	if refused.Line > 0 {
		f.Mend = fmt.Sprintf("sensible-editor +%d %s", refused.Line, config.Path)
	}
	switch refused.Problem {
	case config.Untrusted:
		f.Check, f.Mend = "config-untrusted", install
	case config.BadSyntax:
		f.Check = "config-syntax"
	case config.Unknown:
		f.Check, f.Found = "config-unknown", refused.Key
	case config.BadValue:
		f.Check, f.Found, f.Right = "config-value", refused.Key, fmt.Sprintf("%d-%d", refused.Least, refused.Most)
		if refused.Form != "" {
			f.Check, f.Right = "config-text", refused.Form
		}
	default:
		f.Check, f.Mend = "unreadable", ""
	}
	return f
}

// zonePolicy is the part of the settings that is for zones.
func zonePolicy() (zone.Policy, error) {
	s, err := config.Read()
	return zone.Policy(s.Zone), err
}
