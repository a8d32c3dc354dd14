package text

// italianUploads are the sentences of uploads with progress (static/src/upload.js).
func italianUploads() map[string]string {
	return map[string]string{
		"uploads.title":          "Caricamenti",
		"uploads.folder":         "Scegli una cartella",
		"uploads.drag":           "Puoi anche trascinare file e cartelle su questa pagina. I file grandi mostrano a che punto sono, si possono mettere in pausa e riprendono da soli se cade la connessione.",
		"uploads.pause":          "Pausa",
		"uploads.resume":         "Riprendi",
		"uploads.retry":          "Riprova",
		"uploads.cancel":         "Annulla",
		"uploads.pause-all":      "Metti tutto in pausa",
		"uploads.resume-all":     "Riprendi tutto",
		"uploads.retry-all":      "Riprova quelli non riusciti",
		"uploads.cancel-all":     "Annulla tutto",
		"uploads.show":           "Mostra la cartella",
		"uploads.taken":          "C'è già un file con questo nome",
		"uploads.keep-both":      "Tieni tutti e due",
		"uploads.replace":        "Sostituisci il mio di prima",
		"uploads.skip":           "Lascia quello che c'è",
		"uploads.for-all":        "Fai lo stesso con tutti gli altri",
		"uploads.say-waiting":    "in attesa",
		"uploads.say-running":    "in viaggio",
		"uploads.say-paused":     "in pausa",
		"uploads.say-asking":     "aspetta la tua risposta",
		"uploads.say-done":       "è arrivato",
		"uploads.say-skipped":    "lasciato com'era",
		"uploads.say-cancelled":  "annullato",
		"uploads.say-retrying":   "connessione caduta, nuovo tentativo",
		"uploads.say-state":      "%s di %s file, %s di %s.",
		"uploads.say-speed":      "%s al secondo, mancano %s.",
		"uploads.say-ended":      "Arrivati: %s. Lasciati: %s. Non riusciti: %s.",
		"uploads.say-session":    "La tua sessione è finita. Entra di nuovo in un'altra finestra, poi riprova: riprende da dove si era fermato.",
		"uploads.say-lost":       "La connessione è caduta. Riprova quando è tornata: riprende da dove si era fermato.",
		"uploads.say-failed":     "Non è stato possibile caricarlo. Riprova; se il problema continua, avvisa l'amministratore.",
		"uploads.say-unreadable": "Il browser non è riuscito a leggerlo. Controlla di poterlo aprire sul tuo computer.",
	}
}
