package main

// textsIT are the Italian sentences, with the keys of textsEN.
var textsIT = texts{
	"help": `uso: shzadm VERBO [OPZIONE...] [OPERANDO...]

  user add NOME      crea un utente
  user list          tutti gli utenti
  user show NOME     un utente
  zone add NOME      crea un'area
  zone share NOME CHI=ACCESSO...
                     stabilisce chi può fare che cosa in un'area
  zone list          tutte le aree
  zone show NOME     un'area
  doctor             controlla l'installazione; per ogni problema il comando che lo risolve

"shzadm VERBO --help" dice di più. Il manuale: shzadm(8).
`,
	"help user add": `uso: shzadm user add NOME --role RUOLO --full-name TESTO --email INDIRIZZO [OPZIONE...]

Crea un utente. Il nome inizia con una lettera e ha al massimo 31 caratteri tra a-z 0-9 . _ -

  --role RUOLO         base, manager (può possedere aree) o admin
  --full-name TESTO    come lo leggono le persone
  --email INDIRIZZO    dove vanno le notifiche
  --phone NUMERO
  --mobile NUMERO      dove vanno gli SMS
  --company TESTO
  --expires GIORNO     AAAA-MM-GG, il primo giorno in cui l'utente è disattivato
  --password-stdin     legge la password dallo standard input; altrimenti ne viene generata una, mostrata
                       e da cambiare al primo accesso
  --must-change        la password va cambiata al primo accesso
  --json               mostra un oggetto JSON
`,
	"help user list": `uso: shzadm user list [--json]

Elenca chi è nel gruppo shzbase e tutti gli utenti creati da Share Zone.
`,
	"help user show": `uso: shzadm user show NOME [--json]

Mostra che cosa si sa di un utente.
`,
	"help zone add": `uso: shzadm zone add NOME --owner UTENTE [OPZIONE...]

Crea un'area. Il nome inizia con una lettera o cifra e ha al massimo 63 caratteri tra a-z 0-9 . _ -

  --owner UTENTE       un gestore
  --title TESTO
  --description TESTO
  --expires GIORNO     AAAA-MM-GG, l'ultimo giorno in cui l'area è aperta
  --max-age GIORNI     i file vengono rimossi tanti giorni dopo l'arrivo
  --notify COSA        upload, download o upload,download
  --json               mostra un oggetto JSON
`,
	"help zone share": `uso: shzadm zone share NOME CHI=ACCESSO... [--json]

Stabilisce chi può fare che cosa in un'area, alla radice e in tutto quello che contiene.

  CHI      user:NOME o group:NOME
  ACCESSO  read   vedere e prendere i file
           write  anche portare file, e cambiare e rimuovere i propri
           drop   soltanto portare file, senza vederne
           none   più niente

Il codice di uscita 1 significa che qualcosa nell'area è rimasto com'era; viene elencato.
`,
	"help zone list": `uso: shzadm zone list [--json]

Elenca tutte le aree, aperte e chiuse.
`,
	"help zone show": `uso: shzadm zone show NOME [--json]

Mostra che cosa si sa di un'area aperta.
`,
	"help doctor": `uso: shzadm doctor [--json]

Controlla se l'installazione e le aree sono come dicono il manifest e il progetto. Ogni problema ha
due righe: che cosa non va e il comando che lo risolve. Codice di uscita 1 se ce n'è almeno uno.
`,
	"usage-hint":     "Provare: %s",
	"usage-few":      "manca qualcosa",
	"usage-many":     "non compreso: %s",
	"usage-option":   "opzione sconosciuta: %s",
	"usage-argument": "questa opzione vuole un valore: %s",
	"usage-wrong":    "non compreso: %s",
	"usage-needed":   "questa opzione è necessaria: %s",
	"usage-grant":    "non è della forma user:NOME=ACCESSO o group:NOME=ACCESSO (ACCESSO: read, write, drop, none): %s",

	"yes": "sì",
	"no":  "no",

	"user-made":     "Utente %s: uid %d, %s\n",
	"user-password": "Password, da cambiare al primo accesso: %s\n",
	"user-columns":  "UTENTE UID RUOLI STATO SCADENZA NOME AZIENDA EMAIL",
	"user-fields":   "Utente|Uid|Nome|Azienda|Email|Telefono|Cellulare|Ruoli|Stato|Scadenza|Deve cambiare password|Gruppi",
	"zone-made":     "Area %s di %s: %s\n",
	"zone-shared":   "Area %s: %s=%s (cambiati all'interno: cartelle %d, file %d)\n",
	"zone-shut":     "Area %s: la sua maschera nega a tutti questo accesso; per aprirla: chmod 1770 %s\n",
	"zone-skipped":  "  rimasto com'era: %s: %s\n",
	"zone-more":     "  e altri %d\n",
	"zone-columns":  "AREA PROPRIETARIO STATO SCADENZA MEMBRI TITOLO",
	"zone-fields":   "Area|Titolo|Descrizione|Proprietario|Stato|Scadenza|Giorni per i file|Notifiche|Membri|Cartella",

	"skip-upload": "un caricamento in corso",
	"skip-kind":   "né file né cartella",
	"skip-mount":  "un altro file system",
	"skip-linked": "ha più di un nome, forse anche in un'altra area",
	"skip-owner":  "non appartiene a nessuno di Share Zone",
	"skip-moved":  "è stato spostato nel frattempo; ripetere il comando",
	"skip-full":   "la sua lista di accesso è piena; condividere con un gruppo invece che con molti utenti",
	"skip-error":  "il sistema ha rifiutato",

	"not-root":         "può farlo soltanto root",
	"no-password":      "sullo standard input non c'è una password",
	"not-shown":        "l'utente è stato creato, ma non si è potuto mostrare; passwd imposta un'altra password: %s",
	"password-refused": "la password è stata rifiutata e l'utente non è stato creato: %s",
	"no-user":          "questo utente non esiste: %s",
	"no-group":         "questo gruppo non esiste: %s",
	"user-exists":      "questo utente esiste già: %s",
	"group-exists":     "esiste già un gruppo con questo nome: %s",
	"user-name":        "il nome di un utente inizia con una lettera e ha al massimo 31 caratteri tra a-z 0-9 . _ -",
	"busy":             "un altro programma tiene bloccati i file degli utenti; riprovare più tardi e guardare /etc/*.lock",
	"no-uids":          "non resta nessun uid sotto UID_MAX in /etc/login.defs",
	"limits":           "i limiti di risorse di questa shell (ulimit) sono troppo bassi; ripartire da un'altra",
	"leftover":         "%s. Resta l'utente %s, bloccato: %v",
	"tool":             "%s non è riuscito (codice di uscita %d): %s",
	"failed":           "non riuscito: %v",

	"zone-name":   "il nome di un'area inizia con una lettera o cifra e ha al massimo 63 caratteri tra a-z 0-9 . _ -",
	"zone-exists": "questo nome è occupato: %s",
	"no-zone":     "questa area non esiste: %s",
	"not-manager": "soltanto un gestore può possedere un'area, e questo utente non è in shzmgr: %s",
	"principal":   "con chi condividere si scrive user:NOME o group:NOME, non: %s",
	"not-in-base": "questo utente non è nel gruppo shzbase: %s",
	"is-owner":    "questo è il proprietario dell'area, che ha tutti i diritti: %s",
	"too-many":    "nella lista di accesso non c'è più posto; condividere con un gruppo invece che con molti utenti",
	"past":        "questo giorno è passato: %s",
	"no-base":     "la cartella delle aree manca o non è di root; shzadm doctor dice di più",

	"field":            "%s: %s",
	"reason-missing":   "è necessario",
	"reason-too-long":  "è troppo lungo",
	"reason-not-utf8":  "non è UTF-8",
	"reason-forbidden": "ha un carattere che lì non può stare (: , = caratteri di controllo, spazi ai bordi)",
	"reason-control":   "ha caratteri di controllo",
	"reason-form":      "non è un valore della forma giusta",

	"doctor-well":    "%d controlli, nessun problema\n",
	"doctor-found":   "%d controlli, problemi: %d\n",
	"doctor-no-mend": "(non c'è un singolo comando che lo risolva)",

	"finding-manifest":          "%[1]s: %[2]s. Eseguire nella cartella dei sorgenti di Share Zone:",
	"finding-no-group":          "manca il gruppo %[1]s",
	"finding-group-id":          "il gruppo %[1]s ha il numero %[2]s, che è di una persona",
	"finding-no-user":           "manca l'utente %[1]s",
	"finding-user-id":           "l'utente %[1]s ha l'uid %[2]s, che è di una persona",
	"finding-nologin":           "l'utente %[1]s può accedere alla macchina: %[2]s",
	"finding-has-password":      "l'utente %[1]s ha una password",
	"finding-groups":            "l'utente %[1]s è nei gruppi %[2]s; deve essere in: %[3]s",
	"finding-missing":           "%[1]s: %[2]s",
	"finding-unreadable":        "%[1]s non si può leggere: %[2]s",
	"finding-kind":              "%[1]s è di tipo %[2]s; deve essere di tipo %[3]s",
	"finding-link":              "%[1]s porta a %[2]s; deve portare a %[3]s",
	"finding-rights":            "%[1]s è %[2]s; deve essere %[3]s",
	"finding-mount":             "%[1]s non è un mount a sé",
	"finding-mount-options":     "%[1]s non è montata con %[3]s",
	"finding-read-only":         "%[1]s è montata in sola lettura",
	"finding-unwritable":        "%[1]s non si può scrivere: %[2]s",
	"finding-attributes":        "%[1]s: il file system non ha attributi utente (%[2]s); ext4, XFS e Btrfs li hanno",
	"finding-acls":              "%[1]s: il file system non ha ACL (%[2]s); ext4, XFS e Btrfs le hanno",
	"finding-nosuid":            "%[1]s sta in un file system montato con nosuid: nessuna richiesta può essere servita",
	"finding-noexec":            "%[1]s sta in un file system montato con noexec: nessuna richiesta può essere servita",
	"finding-sudoers":           "%[1]s non è valido: %[2]s",
	"finding-delegation":        "%[1]s non è in vigore, quindi nessuno può accedere: %[2]s",
	"finding-pam-module":        "%[1]s non è installato, ma %[3]s lo richiede: nessuno può accedere",
	"finding-apache-config":     "%[1]s non è una configurazione valida: %[2]s",
	"finding-apache-down":       "%[1]s non è in funzione",
	"finding-apache-privileges": "%[1]s gira senza poter ottenere privilegi: il gate non può diventare nessuno",
	"finding-apache-deaf":       "%[1]s non è in ascolto su %[3]s",
	"finding-system-member":     "%[1]s è nel gruppo shzbase, ma l'uid %[2]s non è di una persona",
	"finding-role":              "%[1]s è nel gruppo %[2]s, ma non in %[3]s",
	"finding-register":          "%[1]s è danneggiato: %[2]s",
	"finding-shell":             "l'utente %[1]s è stato creato da Share Zone e non deve accedere alla macchina; la sua shell è %[2]s",
	"finding-unregistered":      "l'uid %[2]s di %[1]s non è registrato in %[3]s e potrebbe essere assegnato di nuovo",
	"finding-names":             "nomi di utenti o gruppi non si sono potuti cercare (%[1]s): %[2]s",
	"finding-stray":             "%[1]s non è un'area",
	"finding-zone-id":           "%[1]s non ha un id (user.shz.id)",
	"finding-zone-twin":         "%[1]s ha lo stesso id di %[2]s, quindi l'una vedrebbe le attività dell'altra",
	"finding-metadata":          "%[1]s: %[2]s",
	"finding-zone-owner":        "%[1]s appartiene a %[2]s, che non è nel gruppo %[3]s",
	"finding-zone-orphan":       "%[1]s appartiene a %[2]s, che non è nel gruppo shzbase; si può dare, per esempio, a un altro con:",
	"finding-zone-nobody":       "%[1]s è condivisa con %[2]s, che non è nessuno",
	"finding-zone-rights":       "%[1]s è %[2]s; deve essere %[3]s",
}
