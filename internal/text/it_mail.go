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
	"mail-opening.arrived.one":   "%s file caricato da %s nell'area %s:",
	"mail-opening.arrived.other": "%s file caricati da %s nell'area %s:",

	// Di quel che si elimina con il tempo: quale area, quando; quanti, quale area.
	// Di più persone, in un'ora o un giorno.
	"mail-subject.several-taken.one":     "%s file preso nell'area %s",
	"mail-subject.several-taken.other":   "%s file presi nell'area %s",
	"mail-subject.several-arrived.one":   "%s nuovo file nell'area %s",
	"mail-subject.several-arrived.other": "%s nuovi file nell'area %s",
	"mail-opening.several-taken.one":     "%s tuo file è stato preso nell'area %s:",
	"mail-opening.several-taken.other":   "%s tuoi file sono stati presi nell'area %s:",
	"mail-opening.several-arrived.one":   "%s file caricato nell'area %s:",
	"mail-opening.several-arrived.other": "%s file caricati nell'area %s:",
	"mail.by":                            "da %s",

	"mail-subject.warned":        "L'area %s scade il %s",
	"mail-subject.closed":        "L'area %s è chiusa",
	"mail-subject.removed":       "L'area %s è stata eliminata",
	"mail-subject.expired.one":   "%s elemento eliminato per età dall'area %s",
	"mail-subject.expired.other": "%s elementi eliminati per età dall'area %s",
	"mail-opening.warned":        "La tua area %s è aperta fino al %s compreso. Poi viene chiusa e non vi entra più nessuno.",
	"mail-opening.closed":        "La tua area %s è chiusa e non vi entra più nessuno: il suo ultimo giorno era il %s.",
	"mail-opening.removed":       "La tua area %s, chiusa il %s, è stata eliminata con tutto quello che conteneva.",
	"mail-opening.expired.one":   "%s file o cartella era nella tua area %s da più tempo di quanto previsto, ed è stato eliminato:",
	"mail-opening.expired.other": "%s file e cartelle erano nella tua area %s da più tempo di quanto previsto, e sono stati eliminati:",

	"mail-why.taken":   "Ricevi questo messaggio perché i file sono tuoi.",
	"mail-why.arrived": "Ricevi questo messaggio perché puoi leggere questi file.",
	"mail-why.warned":  "Ricevi questo messaggio perché l'area è tua.",
	"mail-why.closed":  "Ricevi questo messaggio perché l'area è tua.",
	"mail-why.removed": "Ricevi questo messaggio perché l'area era tua.",
	"mail-why.expired": "Ricevi questo messaggio perché l'area è tua.",

	"mail-link.taken":   "Apri l'area:",
	"mail-link.arrived": "Apri l'area:",
	"mail-link.warned":  "Per prolungarla, o toglierle la scadenza:",
	"mail-link.closed":  "Per riaprirla:",
	"mail-link.expired": "Per vedere che cosa si elimina e quando, e scegliere che cosa resta:",

	"mail-part.taken":   "non fino alla fine",
	"mail-part.expired": "forse: l'eliminazione è stata interrotta",

	"mail.more.one":   "e %s altro file",
	"mail.more.other": "e altri %s file",
	"mail.less":       "Meno messaggi da quest'area:",
	"mail.grace":      "Fino al %s si può riaprire com'era; dopo viene eliminata, con tutto quello che contiene.",

	"less.title":   "Meno messaggi da %s",
	"less.done":    "La scelta è registrata.",
	"less.no-link": "Questo collegamento non è, o non è più, quello di un messaggio di Share Zone. Accedi: il tuo account mostra da quali aree ricevi meno messaggi.",
	"less.more":    "Qui si può solo scegliere di meno. Per riceverne di più, accedi e vai a Il mio account.",

	"often.now":            "Subito",
	"often.hourly":         "Raccolti per un'ora",
	"often.daily":          "Raccolti per un giorno",
	"often.none":           "Nessun messaggio",
	"often-is.now":         "Vieni a sapere subito, o dopo qualche minuto, che cosa fanno gli altri in quest'area.",
	"often-is.hourly":      "Quello che gli altri fanno in quest'area viene raccolto per un'ora, poi ti si scrive.",
	"often-is.daily":       "Quello che gli altri fanno in quest'area viene raccolto per un giorno, poi ti si scrive.",
	"often-is.none":        "Non ricevi messaggi su quello che gli altri fanno in quest'area. Di quello che succede a un'area tua ti si scrive comunque.",
	"mail-subject.recover": "Una nuova password per Share Zone",
	"mail-opening.recover": "Qualcuno, forse tu, ha chiesto di scegliere una nuova password per l'account %s. Se non sei stato tu, non fare nulla: la password resta quella di prima.",
	"mail-link.recover":    "Scegli la nuova password:",
	"mail-why.recover":     "Ricevi questo messaggio perché questo è l'indirizzo del tuo account.",
	"mail-subject.reset":   "Una nuova password per Share Zone",
	"mail-opening.reset":   "Chi amministra Share Zone ha dato una nuova password all'account %s. Quando entri con questa ne scegli una tua.",
	"mail-link.reset":      "Entra:",
	"mail-why.reset":       "Ricevi questo messaggio perché questo è l'indirizzo del tuo account.",
	"mail.password":        "La password: %s",
	"mail.until":           "Il link vale una volta sola, fino al %s.",
}
