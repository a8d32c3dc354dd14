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
	"mail-why.taken":             "You get this message because the files are yours.",
	"mail-why.arrived":           "You get this message because you can read these files.",

	"mail.more.one":   "and %s more file",
	"mail.more.other": "and %s more files",
	"mail.part":       "not to its end",
	"mail.link":       "Open the zone:",
}
