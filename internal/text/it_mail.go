package text

// italianMail is what messages say.
var italianMail = map[string]string{
	// By queue.Kind; how many, who, which zone.
	"mail-subject.taken.one":     "%s file preso da %s nell'area %s",
	"mail-subject.taken.other":   "%s file presi da %s nell'area %s",
	"mail-subject.arrived.one":   "%s nuovo file di %s nell'area %s",
	"mail-subject.arrived.other": "%s nuovi file di %s nell'area %s",
	"mail-opening.taken.one":     "%s tuo file è stato preso da %s nell'area %s:",
	"mail-opening.taken.other":   "%s tuoi file sono stati presi da %s nell'area %s:",
	"mail-opening.arrived.one":   "%s file è stato portato da %s nell'area %s:",
	"mail-opening.arrived.other": "%s file sono stati portati da %s nell'area %s:",
	"mail-why.taken":             "Ricevi questo messaggio perché i file sono tuoi.",
	"mail-why.arrived":           "Ricevi questo messaggio perché puoi leggere questi file.",

	"mail.more.one":   "e %s altro file",
	"mail.more.other": "e altri %s file",
	"mail.part":       "non fino alla fine",
	"mail.link":       "Apri l'area:",
}
