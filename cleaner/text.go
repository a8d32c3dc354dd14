package main

import (
	"fmt"
	"strings"
)

// texts is what the program says, in one language. Logs are in English.
type texts map[string]string

// pickTexts goes by the locale, as locale(7) says: Italian, or English for every other.
func pickTexts(getenv func(string) string) texts {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if strings.HasPrefix(value, "it") {
				return italian
			}
			break
		}
	}
	return english
}

func (t texts) line(key string, args ...any) string {
	sentence, known := t[key]
	if !known {
		return "[" + key + "]\n"
	}
	return fmt.Sprintf(sentence+"\n", args...)
}

var english = texts{
	"usage":              "usage: cleaner [--once %s [--zone NAME] [--no-limit]] [--dry-run] [--now TIME] | --daemon | --status [--json]",
	"session":            "session of %s, last used %s: ended",
	"token":              "link of %s, good until %s: removed",
	"signup":             "request for an account of %s, kept until %s: removed",
	"remnant":            "zone %s: what was left of it is removed",
	"clock":              "The clock jumped ahead (before: %s): nothing of this is done until it has gone on for a day.",
	"cap":                "zone %s of %s: ends on %s, as max_expiry_days says",
	"warn":               "zone %s: its owner %s is told that it ends on %s (days left: %d)",
	"unknown":            "zone %s: attributes that nobody knows: %.100q, %d in all",
	"close":              "zone %s of %s: closed, its last day was %s",
	"remove":             "zone %s of %s: removed, closed since %s (files: %d, folders: %d, bytes: %d)",
	"aged":               "zone %s: %s goes, it has been there for more than %d days",
	"aged-zone":          "zone %s of %s: files: %d of %d, empty folders: %d, bytes: %d, there for more than %d days",
	"too-many":           "zone %s: too many at once (limit_files, limit_percent), so none goes: look with --dry-run, then --once files --zone %[1]s --no-limit",
	"uploads":            "zone %s: left by requests that were killed: %d, bytes: %d; files given back: %d",
	"trash":              "zone %s: %s goes from the trash, it was deleted more than %d days ago",
	"trash-zone":         "zone %s of %s: in the trash for more than %d days: %d of %d, bytes: %d",
	"trash-some":         "zone %s: too many at once (limit_files, limit_percent), so the first %d of them go, and the rest with the next runs; all at once: --once trash --zone %[1]s --no-limit",
	"trash-many":         "zone %s: limit_files and limit_percent are 0, so none goes: look with --dry-run, then --once trash --zone %[1]s --no-limit",
	"status-columns":     "JOB\tLAST RUN\tSECONDS\tSEEN\tWARNED\tCLOSED\tREMOVED\tBYTES\tFAILED",
	"status-interrupted": "%s: began %s and did not end yet",
	"status-left":        "%s: somebody was changing these zones, which come again at once: %.200q",
	"status-failure":     "%s: %s",
	"first":              "This would be the first run: days before it do not count, so no zone and no file is old yet.",
	"status-behind":      "The clock showed more before (%s): max_expiry_days shortens no zone until it has gone on for a day; so far: %s.",
	"status-clock":       "The clock jumped ahead (before: %s): nothing is closed or removed until it has gone on for a day; so far: %s.",
}

var italian = texts{
	"usage":              "uso: cleaner [--once %s [--zone NAME] [--no-limit]] [--dry-run] [--now MOMENTO] | --daemon | --status [--json]",
	"session":            "sessione di %s, usata l'ultima volta %s: terminata",
	"token":              "link di %s, valido fino al %s: eliminato",
	"signup":             "richiesta di un account di %s, tenuta fino al %s: eliminata",
	"remnant":            "area %s: si elimina quel che ne era rimasto",
	"clock":              "L'orologio è saltato in avanti (prima: %s): niente di questo si fa finché non è andato avanti per un giorno.",
	"cap":                "area %s di %s: scade il %s, come dice max_expiry_days",
	"warn":               "area %s: si avvisa il proprietario %s che scade il %s (giorni rimasti: %d)",
	"unknown":            "area %s: attributi che nessuno conosce: %.100q, in tutto %d",
	"close":              "area %s di %s: chiusa, il suo ultimo giorno era %s",
	"remove":             "area %s di %s: eliminata, chiusa dal %s (file: %d, cartelle: %d, byte: %d)",
	"aged":               "area %s: si elimina %s, che vi sta da più di %d giorni",
	"aged-zone":          "area %s di %s: file: %d su %d, cartelle vuote: %d, byte: %d, presenti da più di %d giorni",
	"too-many":           "area %s: troppi in una volta (limit_files, limit_percent), perciò non se ne elimina nessuno: guardare con --dry-run, poi --once files --zone %[1]s --no-limit",
	"uploads":            "area %s: lasciati da richieste interrotte: %d, byte: %d; file restituiti: %d",
	"trash":              "area %s: si elimina %s dal cestino, dove sta da più di %d giorni",
	"trash-zone":         "area %s di %s: nel cestino da più di %d giorni: %d su %d, byte: %d",
	"trash-some":         "area %s: troppi in una volta (limit_files, limit_percent), perciò se ne eliminano i primi %d, e gli altri le prossime volte; tutti insieme: --once trash --zone %[1]s --no-limit",
	"trash-many":         "area %s: limit_files e limit_percent sono 0, perciò non se ne elimina nessuno: guardare con --dry-run, poi --once trash --zone %[1]s --no-limit",
	"status-columns":     "LAVORO\tULTIMA VOLTA\tSECONDI\tVISTI\tAVVISI\tCHIUSE\tELIMINATI\tBYTE\tFALLITI",
	"status-interrupted": "%s: cominciato %s e non ancora finito",
	"status-left":        "%s: qualcuno stava modificando queste aree, che vengono di nuovo subito: %.200q",
	"status-failure":     "%s: %s",
	"first":              "Questa sarebbe la prima volta: i giorni di prima non contano, perciò nessuna area e nessun file è ancora vecchio.",
	"status-behind":      "L'orologio prima segnava di più (%s): max_expiry_days non accorcia nessuna area finché non è andato avanti per un giorno; finora: %s.",
	"status-clock":       "L'orologio è saltato in avanti (prima: %s): niente si chiude o si elimina finché non è andato avanti per un giorno; finora: %s.",
}
