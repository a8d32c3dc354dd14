package text

// englishMail says the same as italianMail, key by key.
var englishMail = map[string]string{
	// By queue.Kind; how many, who, which zone.
	"mail-subject.taken.one":     "%s file taken by %s from the zone %s",
	"mail-subject.taken.other":   "%s files taken by %s from the zone %s",
	"mail-subject.arrived.one":   "%s new file by %s in the zone %s",
	"mail-subject.arrived.other": "%s new files by %s in the zone %s",
	"mail-opening.taken.one":     "%s file of yours was taken by %s from the zone %s:",
	"mail-opening.taken.other":   "%s files of yours were taken by %s from the zone %s:",
	"mail-opening.arrived.one":   "%s file was brought by %s into the zone %s:",
	"mail-opening.arrived.other": "%s files were brought by %s into the zone %s:",

	// Of what the cleaner does: which zone, when; how many, which zone.
	// Of several people, in an hour or a day.
	"mail-subject.several-taken.one":     "%s file taken from the zone %s",
	"mail-subject.several-taken.other":   "%s files taken from the zone %s",
	"mail-subject.several-arrived.one":   "%s new file in the zone %s",
	"mail-subject.several-arrived.other": "%s new files in the zone %s",
	"mail-opening.several-taken.one":     "%s file of yours was taken from the zone %s:",
	"mail-opening.several-taken.other":   "%s files of yours were taken from the zone %s:",
	"mail-opening.several-arrived.one":   "%s file was brought into the zone %s:",
	"mail-opening.several-arrived.other": "%s files were brought into the zone %s:",
	"mail.by":                            "by %s",

	"mail-subject.warned":        "The zone %s ends on %s",
	"mail-subject.closed":        "The zone %s is closed",
	"mail-subject.removed":       "The zone %s has been removed",
	"mail-subject.expired.one":   "%s thing has gone from the zone %s because of its age",
	"mail-subject.expired.other": "%s things have gone from the zone %s because of their age",
	"mail-opening.warned":        "Your zone %s is open until %s, through that day. Then it is closed, and nobody gets in any more.",
	"mail-opening.closed":        "Your zone %s is closed, and nobody gets in any more: its last day was %s.",
	"mail-opening.removed":       "Your zone %s, closed on %s, has been removed with everything in it.",
	"mail-opening.expired.one":   "%s file or folder was in your zone %s for longer than things stay there, and has been removed:",
	"mail-opening.expired.other": "%s files and folders were in your zone %s for longer than things stay there, and have been removed:",

	"mail-why.taken":   "You get this message because the files are yours.",
	"mail-why.arrived": "You get this message because you can read these files.",
	"mail-why.warned":  "You get this message because the zone is yours.",
	"mail-why.closed":  "You get this message because the zone is yours.",
	"mail-why.removed": "You get this message because the zone was yours.",
	"mail-why.expired": "You get this message because the zone is yours.",

	"mail-link.taken":   "Open the zone:",
	"mail-link.arrived": "Open the zone:",
	"mail-link.warned":  "Extend it, or let it have no end:",
	"mail-link.closed":  "Open it again:",
	"mail-link.expired": "See what goes when, and choose what stays:",

	"mail-part.taken":   "not to its end",
	"mail-part.expired": "perhaps: the removal was interrupted",

	"mail.more.one":   "and %s more file",
	"mail.more.other": "and %s more files",
	"mail.less":       "Less mail from this zone:",
	"mail.grace":      "Until %s it can be opened again as it was; after that it is removed, with everything in it.",

	"less.title":   "Less mail from %s",
	"less.done":    "Your choice has been saved.",
	"less.no-link": "This link is not, or no longer, one of a mail of Share Zone. Log in: your account shows of which zones you get less mail.",
	"less.more":    "Here you can only choose less. For more, log in and go to My account.",

	"often.now":            "At once",
	"often.hourly":         "Collected for an hour",
	"often.daily":          "Collected for a day",
	"often.none":           "No mail",
	"often-is.now":         "You are told at once, or after some minutes, of what others do in this zone.",
	"often-is.hourly":      "What others do in this zone is collected for an hour before you are told.",
	"often-is.daily":       "What others do in this zone is collected for a day before you are told.",
	"often-is.none":        "You get no mail of what others do in this zone. Of what becomes of a zone of yours you are told all the same.",
	"mail-subject.recover": "A new password for Share Zone",
	"mail-opening.recover": "Somebody, perhaps you, has asked to choose a new password for the account %s. If it was not you, do nothing: the password stays what it was.",
	"mail-link.recover":    "Choose the new password:",
	"mail-why.recover":     "You get this message because this is the address of your account.",
	"mail-subject.reset":   "A new password for Share Zone",
	"mail-opening.reset":   "An administrator has given the account %s a new password. You choose your own when you log in with it.",
	"mail-link.reset":      "Log in:",
	"mail-why.reset":       "You get this message because this is the address of your account.",
	"mail.password":        "The password: %s",
	"mail.until":           "The link is good once, until %s.",
}
