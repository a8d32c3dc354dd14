package main

// textsIT are the Italian sentences, with the keys of textsEN.
var textsIT = texts{
	"help": `uso: shzadm VERBO [OPZIONE...] [OPERANDO...]

  user add NOME      crea un utente
  invite NOME        crea un utente che sceglie la password con un link per posta
  user list          tutti gli utenti
  user show NOME     un utente
  user enable NOME   fa entrare un utente di questa macchina o di una directory
  user modify NOME   cambia i dati di un utente, o il ruolo
  user lock NOME     tiene fuori un utente
  user unlock NOME   fa rientrare un utente bloccato
  user factor NOME --off
  user verify NOME
                     toglie il secondo fattore a chi ha perso il telefono
  user delete NOME   elimina un utente
  signup list        chi chiede un account
  signup confirm ID NOME
                     crea l'account che qualcuno chiede
  signup decline ID  non lo dà, e dice perché
  group add NOME     crea il gruppo di un'azienda esterna
  group member NOME UTENTE...
                     vi mette utenti, o li toglie
  group list         i gruppi delle aziende
  group delete NOME  ne toglie uno in cui non c'è nessuno
  session list       chi è collegato
  queue list         i messaggi in partenza
  queue retry ID     ne invia uno subito
  queue drop ID      ne toglie uno
  session end ID     chiude una sessione, o quelle di un utente, o tutte
  zone add NOME      crea un'area
  zone share NOME CHI=ACCESSO...
                     stabilisce chi può fare che cosa in un'area
  zone list          tutte le aree
  zone show NOME     un'area
  zone modify NOME   cambia titolo, scadenza eccetera
  zone close NOME    toglie un'area dalla portata di tutti, così com'è
  zone restore NOME  riporta un'area chiusa
  zone check NOME    che cosa in un'area non è come dice la sua radice
  zone apply NOME    lo corregge
  zone open NOME     riapre un'area chiusa con chmod
  zone take NOME PERCORSO
                     dà una cartella al proprietario dell'area
  zone remove NOME PERCORSO...
                     elimina ciò che sta in un'area
  zone transfer NOME dà un'area a un altro proprietario
  zone space NOME    quanto occupa un'area sul disco
  zone who NOME [PERCORSO]
                     chi può entrare, e perché
  activity [AREA]    chi ha fatto che cosa
  announce           dice qualcosa a tutti, su ogni pagina
  maintenance [on|off]
                     fa entrare solo gli amministratori
  doctor             controlla l'installazione; per ogni problema il comando che lo risolve

"shzadm VERBO --help" dice di più. Il manuale: shzadm(8).
`,
	"help user add": `uso: shzadm user add NOME --role RUOLO --full-name TESTO --email INDIRIZZO [OPZIONE...]

Crea un utente. Il nome inizia con una lettera, ma non con shz-, e ha al massimo 31 caratteri tra
a-z 0-9 . _ -

  --role RUOLO         base, manager (può possedere aree) o admin
  --full-name TESTO    come lo leggono le persone
  --email INDIRIZZO    dove vanno le notifiche
  --phone NUMERO
  --mobile NUMERO      dove vanno gli SMS
  --company TESTO
  --language CODICE  it o en, delle pagine e dei messaggi
  --expires GIORNO     AAAA-MM-GG, il primo giorno in cui l'utente è disattivato
  --password-stdin     legge la password dallo standard input; altrimenti ne viene generata una, mostrata
                       e da cambiare al primo accesso
  --must-change        la password va cambiata al primo accesso
  --json               mostra un oggetto JSON
`,
	"help invite": `uso: shzadm invite NOME --full-name TESTO --email INDIRIZZO [OPZIONE...]
     shzadm invite NOME --again

Crea un utente la cui password nessuno conosce: all'indirizzo di posta va un link con cui la si sceglie,
una volta, entro i giorni che dicono le impostazioni (invitation_days). Servono la posta e public_url.

  --full-name TESTO    come lo leggono gli altri
  --email INDIRIZZO    dove va il link
  --zone NOME          l'area in cui entra l'utente, e a cui porta il link
  --access ACCESSO     che cosa vi ottiene: read (se non si dice niente), write o drop
  --role RUOLO         base (se non si dice niente), manager o admin
  --company TESTO
  --language CODICE    it o en, delle pagine e dei messaggi
  --expires GIORNO     AAAA-MM-GG, il primo giorno in cui l'account non vale più
  --sponsor NOME       chi invita l'utente e ne risponde (se non si dice niente: chi usa sudo)
  --again              manda di nuovo il link a un utente invitato, o un altro se quello è scaduto
  --json               stampa un oggetto JSON
`,
	"help user list": `uso: shzadm user list [--review] [--json]

Elenca chi è nel gruppo shzbase e tutti gli utenti creati da Share Zone.

  --review   solo chi entra anche se chi lo ha invitato è bloccato, scaduto o non c'è più
  --json     mostra un oggetto JSON
`,
	"help user show": `uso: shzadm user show NOME [--json]

Mostra che cosa si sa di un utente.
`,
	"help user enable": `uso: shzadm user enable NOME [--role RUOLO] [--json]

Fa usare Share Zone a chi ha già un utente, su questa macchina o in una directory, con la password che
ha. L'utente entra nei gruppi del ruolo; nient'altro viene toccato.

  --role RUOLO   base (se non indicato), manager o admin
`,
	"help user modify": `uso: shzadm user modify NOME OPZIONE...

Cambia un utente creato da Share Zone; degli altri solo il ruolo. Un valore vuoto toglie quello che
c'era.

  --role RUOLO         base, manager o admin
  --full-name TESTO
  --email INDIRIZZO
  --phone NUMERO
  --mobile NUMERO
  --company TESTO
  --language CODICE  it o en, delle pagine e dei messaggi
  --sponsor NOME     chi risponde dell'utente da ora in poi
  --channel CANALE   mail, sms, both (tutti e due) o none: come si avvisa di quello che fanno altri
  --expires GIORNO     AAAA-MM-GG, il primo giorno in cui l'utente è disattivato
  --json               mostra un oggetto JSON
`,
	"help user lock": `uso: shzadm user lock NOME [--json]

Blocca un utente creato da Share Zone e chiude le sue sessioni. I trasferimenti in corso arrivano alla
fine. La password resta per "user unlock".
`,
	"help user unlock": `uso: shzadm user unlock NOME [--json]

Sblocca un utente creato da Share Zone; la password è quella di prima. Gli accessi rifiutati sono
dimenticati. Degli utenti della macchina si dimenticano solo quelli.
`,
	"help user factor": `uso: shzadm user factor NOME --off [--json]

Toglie il secondo fattore a chi ha perso il telefono, anche agli utenti della macchina. Da quel momento
la password basta per entrare, o per attivarne un altro dove è richiesto.

  --off    senza non viene fatto niente
  --json   mostra un oggetto JSON
`,
	"help user verify": `uso: shzadm user verify NOME [--json]

Manda un link all'indirizzo di posta di un account creato da Share Zone. Quando viene usato, si sa che
la posta lo raggiunge: lo dice "user show".

  --json   mostra un oggetto JSON
`,
	"help user delete": `uso: shzadm user delete NOME --files keep
     shzadm user delete NOME --files transfer --to UTENTE

Elimina un utente creato da Share Zone. Il suo uid non viene mai dato ad altri.

  --files keep       i file restano nelle loro aree e appartengono al numero
  --files transfer   file e aree passano a qualcun altro
  --to UTENTE        a chi; per le aree deve essere un gestore
  --json             mostra un oggetto JSON

Chi possiede aree può essere eliminato solo con "transfer". Quello che non si può trasferire viene
elencato, e l'utente resta, bloccato.
`,
	"help session list": `uso: shzadm session list [--json]

Elenca chi è collegato. STATO è active, second-factor (la password era giusta, manca il codice o
l'attivazione), must-change (si può solo cambiare la password), ended (il suo
tempo è finito; il file resta finché non viene rimosso) o damaged.
`,
	"help queue list": `uso: shzadm queue list [--json]

Elenca i messaggi non ancora consegnati. STATO è failed (il server di posta lo ha rifiutato per sempre,
o non lo ha preso in tempo), waiting (aspetta) o open (raccoglie ancora quello che fa una persona).
`,
	"help queue retry": `uso: shzadm queue retry ID [--json]

Fa partire un messaggio fallito o in attesa con il prossimo giro del worker, come se fosse nuovo.

  ID   come lo mostra "queue list", o il suo inizio
`,
	"help queue drop": `uso: shzadm queue drop ID [--json]

Toglie un messaggio fallito o in attesa: nessuno lo riceve.

  ID   come lo mostra "queue list", o il suo inizio
`,
	"help session end": `uso: shzadm session end ID
     shzadm session end --user NOME
     shzadm session end --all

Chiude sessioni: la prossima richiesta chiede di accedere. I trasferimenti in corso arrivano alla fine.

  ID            come lo mostra "session list"
  --user NOME   tutte quelle di questo utente
  --all         quelle di tutti
  --json        mostra un oggetto JSON
`,
	"help activity": `uso: shzadm activity [AREA] [OPZIONE...]

Mostra chi ha fatto che cosa, in ordine di tempo, dai registri delle attività e dallo spool.
AREA è il nome di un'area, aperta o chiusa, o l'id di una che non c'è più.

  --from QUANDO   un giorno (AAAA-MM-GG) o un momento (AAAA-MM-GGTHH:MM:SS+HH:MM)
  --to QUANDO     un giorno, che è compreso, o un momento, che non lo è
  --user NOME     che cosa ha fatto questo utente, e che cosa gli è stato fatto
  --event EVENTO  per esempio upload
  --path PERCORSO un file dentro l'area, o una cartella con tutto quello che contiene
  --csv           mostra valori separati da virgole, per un foglio di calcolo
  --json          mostra un oggetto JSON

ESITO è ok o dice perché no; "running" è in corso, o lo era dopo un giorno: un'altra riga dice com'è finito.
"interrupted" non è mai arrivato alla fine.
Il codice di uscita 1 significa che un file di eventi è danneggiato.
`,
	"help announce": `uso: shzadm announce [OPZIONE...]

Dice qualcosa a tutti: sta su ogni pagina tranne quella di benvenuto. Senza opzioni mostra che cosa c'è.

  --it TESTO     in italiano
  --en TESTO     in inglese; se ce n'è uno solo, lo leggono tutti
  --until TEMPO  un giorno (AAAA-MM-GG), compreso, o un momento (AAAA-MM-GGTHH:MM:SS+HH:MM)
  --end          non mostrarlo più
  --json         stampa un oggetto JSON
`,
	"help maintenance": `uso: shzadm maintenance [on|off] [--json]

on: entrano solo i membri di shzadmin; tutti gli altri leggono, dalla richiesta successiva, che Share
Zone è in manutenzione. I trasferimenti in corso vanno fino in fondo. off: entrano di nuovo tutti.
Senza operando dice come stanno le cose.
`,
	"help zone add": `uso: shzadm zone add NOME --owner UTENTE [OPZIONE...]

Crea un'area. Il nome inizia con una lettera o cifra e ha al massimo 63 caratteri tra a-z 0-9 . _ -

  --owner UTENTE       un gestore
  --title TESTO
  --description TESTO
  --expires GIORNO     AAAA-MM-GG, l'ultimo giorno in cui l'area è aperta
  --max-age GIORNI     i file vengono rimossi tanti giorni dopo l'arrivo
  --notify COSA        upload, download, upload,download o none (niente)
  --limit SPAZIO       quanto può contenere, per esempio 500M o 20G; solo dove il file system tiene limiti
                       così (Btrfs con quote)
  --json               mostra un oggetto JSON
`,
	"help zone share": `uso: shzadm zone share NOME CHI=ACCESSO... [--sure] [--json]

Stabilisce chi può fare che cosa in un'area, alla radice e in tutto quello che contiene.

  CHI      user:NOME o group:NOME
  ACCESSO  read   vedere e prendere i file
           write  anche portare file, e cambiare e rimuovere i propri
           drop   soltanto portare file, senza vederne
           none   più niente; chi è in un gruppo dell'elenco ha ancora ciò che il gruppo dà

  --sure   anche dove chi è tolto ha da un gruppo più di quanto ha adesso

Il codice di uscita 1 significa che qualcosa nell'area è rimasto com'era; viene elencato.
`,
	"help zone list": `uso: shzadm zone list [--closed] [--json]

Elenca tutte le aree, aperte e chiuse; con --closed solo quelle chiuse.
`,
	"help zone show": `uso: shzadm zone show NOME [--closed] [--json]

Mostra che cosa si sa di un'area: quella aperta con quel nome, o quella chiusa se non ce n'è una aperta
o con --closed.
`,
	"help zone modify": `uso: shzadm zone modify NOME OPZIONE...

Cambia i dati di un'area aperta. Un valore vuoto toglie quello che c'era.

  --title TESTO
  --description TESTO
  --expires GIORNO     AAAA-MM-GG, l'ultimo giorno in cui l'area è aperta
  --max-age GIORNI     i file vengono rimossi tanti giorni dopo l'arrivo
  --notify COSA        upload, download, upload,download o none (niente); vuoto: come configurato
  --trash on|off       se quello che vi si elimina va nel suo cestino
  --limit SPAZIO       quanto può contenere, per esempio 20G; solo di un'area creata con un limite
  --json               mostra un oggetto JSON
`,
	"help zone close": `uso: shzadm zone close NOME [--json]

Sposta un'area in /srv/sharezone/.closed, dove la raggiunge soltanto root. Tutto quello che contiene
resta com'è, e "zone restore" la riporta.
`,
	"help zone restore": `uso: shzadm zone restore NOME [--name NUOVO] [--expires GIORNO] [--json]

Riporta un'area chiusa, con i suoi membri. NOME è quello che mostra "zone list".

  --name NUOVO       un altro nome, se quello che aveva è occupato
  --expires GIORNO   AAAA-MM-GG, il nuovo ultimo giorno; necessario se il vecchio è passato; vuoto: nessuno
`,
	"help zone who": `uso: shzadm zone who NOME [PERCORSO] [--as UTENTE]... [--json]

Chiede al kernel, al posto di ogni persona, che cosa può fare con un'area, o con una cartella o un file
che contiene, e mostra la voce della lista di accesso che lo permette, o la cartella che la ferma.

  --as UTENTE   solo di questo utente, anche se fuori da shzbase
  --json        mostra un oggetto JSON
`,
	"help doctor": `uso: shzadm doctor [--json]

Controlla se l'installazione e le aree sono come dicono il manifest e il progetto. Ogni problema ha
due righe: che cosa non va e il comando che lo risolve. Codice di uscita 1 se ce n'è almeno uno.
`,
	"usage-hint":          "Provare: %s",
	"usage-few":           "manca qualcosa",
	"usage-many":          "non compreso: %s",
	"usage-option":        "opzione sconosciuta: %s",
	"usage-argument":      "questa opzione vuole un valore: %s",
	"usage-boolean":       "questa opzione non vuole un valore: %s",
	"usage-needed":        "questa opzione è necessaria: %s",
	"link-void":           "con questo il link dell'invito non vale più; per mandarne un altro: shzadm invite %s --again",
	"invited-not-sent":    "l'account %s è creato, ma l'invito non è partito: %s; per mandarlo: %s",
	"invited-not-in-zone": "l'account %s è creato e l'invito è partito, ma non è nell'area: %s; per condividerla: %s",
	"usage-again":         "--again manda di nuovo lo stesso link e non cambia niente: %s non può starci accanto",
	"usage-change":        "non c'è niente da cambiare: manca un'opzione",
	"usage-files":         "--files è keep o transfer",
	"usage-heir":          "--to UTENTE va con --files transfer, dove è necessaria",
	"usage-sessions":      "è necessaria una delle tre: un id, --user NOME, --all",
	"usage-announce":      "--end sta da solo, e --until insieme a --it o --en",
	"usage-maintenance":   "on oppure off",
	"announce-none":       "nessun avviso",
	"announce-fields":     "Italiano|Inglese|Fino a",
	"announce-text":       "un testo è una riga da 1 a 500 byte",
	"maintenance-on":      "manutenzione: sì; entrano solo gli amministratori",
	"maintenance-off":     "manutenzione: no",
	"usage-verb":          "non c'è un verbo che comincia con %s",
	"usage-moment":        "%s vuole un giorno, 2026-11-22, o un momento, 2026-11-22T18:00:00+01:00",
	"usage-event":         "l'evento %s non esiste; esistono: %s",
	"usage-form":          "--json e --csv si escludono",
	"usage-grant":         "non è della forma user:NOME=ACCESSO o group:NOME=ACCESSO (ACCESSO: read, write, drop, none), per esempio user:bruno=write: %s",

	"yes": "sì",
	"no":  "no",

	"user-made":       "Utente %s: uid %d, %s\n",
	"user-password":   "Password, da cambiare al primo accesso: %s\n",
	"user-invited":    "Utente %s: invitato; il link va a %s e vale fino al %s\n",
	"user-columns":    "UTENTE UID RUOLI STATO SCADENZA NOME AZIENDA EMAIL",
	"user-fields":     "Utente|Uid|Nome|Azienda|Email|Indirizzo verificato|Telefono|Cellulare|Ruoli|Stato|Scadenza|Deve cambiare password|Gruppi|Lingua|Avvisi per|Ultimo accesso|Accessi rifiutati|Invitato da|Secondo fattore|Codici rifiutati|Chiuso fino a|Chiuso solo da (indirizzo, fino a)|Password da cambiare dal",
	"user-verify":     "%s: a %s va un link; l'indirizzo è verificato quando viene usato\n",
	"zone-made":       "Area %s di %s: %s\n",
	"zone-shared":     "Area %s: %s=%s (cambiati all'interno: cartelle %d, file %d)\n",
	"zone-system":     "attenzione: %s è un gruppo del sistema; entra chi ne fa parte ed è in shzbase, e chi vi sarà messo dopo\n",
	"zone-absent":     "Area %s: nell'elenco non c'era nulla con il nome di %s\n",
	"zone-denied":     "Area %s: resta una voce per %s che non dà niente, perché tiene fuori chi entrerebbe grazie a un gruppo; la toglie setfacl -x\n",
	"zone-wider":      "Area %s: in %s una voce scritta a mano dava a %s meno (%s) dell'elenco dell'area; non c'è più\n",
	"zone-wider-more": "Area %s: e così in altri %d posti\n",
	"zone-less":       "Area %s: una voce propria decide da sola, e non dà tutto quello che darebbe un gruppo dell'elenco: %s\n",
	"zone-still":      "Area %s: entra lo stesso, per un gruppo che è nell'elenco: %s\n",
	"zone-shut":       "Area %s: la sua maschera nega a tutti questo accesso; per aprirla: shzadm zone open %s\n",
	"zone-skipped":    "  rimasto com'era: %s: %s\n",
	"zone-more":       "  e altri %d\n",
	"zone-columns":    "AREA PROPRIETARIO STATO SCADENZA MEMBRI CHIUSA PROBLEMI TITOLO",
	"zone-fields":     "Area|Titolo|Descrizione|Proprietario|Stato|Scadenza|Giorni per i file|Notifiche|Membri|Cartella|Chiusa|Si chiamava|Limite|Libero",
	"zone-changed":    "Area %s di %s: %s\n",
	"zone-closed":     "L'area %s è chiusa e si trova in %s. Per riportarla: shzadm zone restore %s\n",
	"user-changed":    "Utente %s: %s, %s\n",
	"user-deleted":    "L'utente %s è eliminato; l'uid %d non viene mai dato ad altri\n",
	"user-heir":       "I file sono passati a %s\n",
	"user-zones":      "Così anche queste aree: %s\n",
	"zones-left":      "Possiede ancora aree, cosa che può solo un gestore; shzadm doctor dice di più: %s\n",

	"user-forgiven":         "Gli accessi rifiutati di %[1]s sono dimenticati. L'utente non è stato creato da Share Zone, che lascia il resto com'è.\n",
	"user-forgiven-locked":  "Gli accessi rifiutati di %[1]s sono dimenticati. L'utente non è stato creato da Share Zone e la sua password resta bloccata; per sbloccarla: usermod -U %[1]s\n",
	"user-forgiven-expired": "Gli accessi rifiutati di %[1]s sono dimenticati. L'utente non è stato creato da Share Zone ed è scaduto; cosa vale: chage -l %[1]s\n",
	"weak-password":         "attenzione: la password vale, ma è facile da indovinare: %s\n",

	"who-object":      "%s: %s di %s, gruppo %s, modo %s\n",
	"who-folder":      "cartella",
	"who-file":        "file",
	"who-other":       "né file né cartella",
	"who-columns":     "UTENTE PUÒ PERCHÉ FERMATO_DA",
	"who-list":        "elencare",
	"who-create":      "creare",
	"who-enter":       "entrare",
	"who-inside":      "leggere per nome (%s)",
	"who-read":        "leggere",
	"who-write":       "scrivere",
	"who-masked":      ", maschera %s",
	"zone-locked":     "attenzione: %s è bloccato e non può accedere; ciò che gli è concesso vale quando viene sbloccato\n",
	"zone-expired":    "attenzione: l'utente %s è scaduto e non può accedere; ciò che gli è concesso vale quando riceve una nuova scadenza\n",
	"who-locked":      "; bloccato: non può accedere",
	"who-expired":     "; scaduto: non può accedere",
	"who-unexplained": "non per la lista di accesso",

	"sessions-ended":   "Sessioni chiuse: %d. I trasferimenti in corso arrivano alla fine.\n",
	"queue-columns":    "ID STATO APERTO A TIPO AREA FILE TENTATIVI PROSSIMO MOTIVO",
	"queue-done":       "fatto: messaggio %s a %s\n",
	"no-message":       "nessun messaggio fallito o in attesa ha questo id; servono almeno 13 caratteri: %s",
	"two-messages":     "più messaggi hanno un id che comincia così: %s",
	"damaged-message":  "%s: quel che c'è nel file non è un messaggio; queue drop lo toglie",
	"sending":          "proprio adesso si stanno inviando messaggi; riprova fra poco",
	"session-columns":  "ID UTENTE UID INGRESSO INDIRIZZO INIZIO ULTIMO_USO STATO",
	"activity-columns": "ORA EVENTO UTENTE SU INGRESSO INDIRIZZO AREA PERCORSO BYTE ESITO",
	"activity-damaged": "shzadm: danneggiato: %s, riga %d: %s\n",
	"not-recorded":     "shzadm: non si può registrare come %s, si procede lo stesso: %s\n",

	"skip-upload":   "un caricamento in corso, o quel che ne resta",
	"skip-trash":    "di un cestino",
	"skip-left":     "messo da parte da una rimozione, una copia o uno spostamento, o quel che ne resta",
	"skip-reserved": "un nome che Share Zone tiene per sé",
	"skip-in-trash": "nel cestino",
	"skip-kind":     "né file né cartella",
	"skip-mount":    "un altro file system",
	"skip-linked":   "ha più di un nome, forse anche in un'altra area",
	"skip-owns":     "è una sua cartella, dove può ancora fare tutto; shzadm zone take la dà al proprietario dell'area",
	"skip-owner":    "non appartiene a nessuno di Share Zone",
	"skip-moved":    "è stato spostato nel frattempo; ripetere il comando",
	"skip-full":     "la sua lista di accesso è piena; condividere con un gruppo invece che con molti utenti",
	"skip-error":    "il sistema ha rifiutato",

	"no-session":      "questa sessione non esiste; un id ha almeno 12 cifre: %s",
	"two-sessions":    "più sessioni iniziano così; indicare più cifre: %s",
	"no-id":           "l'area non ha un id, quindi niente può essere suo; shzadm doctor dice di più: %s",
	"system-account":  "questo è un utente del sistema, non di una persona: %s",
	"own-account":     "questo utente è stato creato da Share Zone, quindi c'è già; shzadm user modify --role cambia il ruolo: %s",
	"enabled":         "questo utente è già in Share Zone; shzadm user modify --role cambia il ruolo: %s",
	"not-enabled":     "questo utente non è in Share Zone; per farlo entrare: shzadm user enable %s",
	"login-name":      "con un nome così nessuno può accedere a Share Zone: %s",
	"passwordless":    "questo utente non ha una password; per dargliene una, che lo sblocca anche: passwd %s",
	"no-factor":       "%s non ha nessun secondo fattore",
	"in-use":          "un processo di questo utente è ancora in esecuzione; è bloccato, ripetere il comando più tardi: %s",
	"incomplete":      "non si è potuto trasferire tutto; l'utente resta, bloccato: %s",
	"owns-zones":      "l'utente %s possiede aree, che --files transfer dà a qualcun altro: %s",
	"not-ours-modify": "l'utente %[1]s non è stato creato da Share Zone, che ne cambia solo il ruolo; per il resto: chfn %[1]s, usermod %[1]s",
	"not-ours-lock": "l'utente %[1]s non è stato creato da Share Zone; per bloccarlo dappertutto: usermod -L %[1]s; " +
		"per tenerlo fuori da Share Zone: gpasswd -d %[1]s shzbase",
	"not-ours-delete": "l'utente %[1]s non è stato creato da Share Zone; per tenerlo fuori da Share Zone: gpasswd -d %[1]s shzbase",

	"not-root":         "può farlo soltanto root",
	"no-password":      "sullo standard input non c'è una password",
	"invitations-off":  "non si può invitare nessuno: nelle impostazioni manca il server di posta o public_url: %s",
	"not-verified":     "l'indirizzo di questo utente non si verifica con un link: %s",
	"not-invited":      "questo utente non aspetta un invito: la password è già scelta, o nessun link varrebbe: %s",
	"not-shown":        "l'utente è stato creato, ma non si è potuto mostrare; passwd imposta un'altra password: %s",
	"password-refused": "la password è stata rifiutata e l'utente non è stato creato: %s",
	"no-user":          "questo utente non esiste: %s",
	"no-group":         "questo gruppo non esiste: %s",
	"user-exists":      "questo utente esiste già: %s",
	"group-exists":     "esiste già un gruppo con questo nome: %s",
	"member-exists":    "un gruppo elenca già questo nome, e chi lo riceve ne farebbe parte: %s",
	"user-name":        "il nome di un utente inizia con una lettera, ma non con shz-, e ha al massimo 31 caratteri tra a-z 0-9 . _ -, per esempio anna.rossi",
	"busy":             "qualcun altro sta cambiando questo utente, o un altro programma tiene bloccati i file degli utenti; riprovare più tardi e guardare /etc/*.lock",
	"no-uids":          "non resta nessun numero sotto UID_MAX in /etc/login.defs",
	"limits":           "i limiti di risorse di questa shell (ulimit) sono troppo bassi; ripartire da un'altra",
	"leftover":         "%s. Resta l'utente %s, bloccato: %v",
	"tool":             "%s non è riuscito (codice di uscita %d): %s",
	"failed":           "non riuscito: %v",

	"zone-name":   "il nome di un'area inizia con una lettera o cifra e ha al massimo 63 caratteri tra a-z 0-9 . _ -, per esempio offerte-2027",
	"zone-exists": "questo nome è occupato: %s",
	"closed-zone": "quest'area è chiusa; shzadm zone restore la riapre: %s",
	"no-zone":     "questa area non esiste: %s",
	"owner-wrong": "non è stato cambiato niente, perché il proprietario di quest'area non esiste, o non può possedere aree e l'ha avuta con chown: tutto diventerebbe suo. shzadm zone check dice a chi si può dare: %s",
	"named-twice": "non è stato cambiato niente: indicato due volte: %s",
	"puts-out":    "non è stato cambiato niente in %[1]s: %[2]d, che sono in quasi tutti gli elenchi di ciò che contiene e non in quello della sua radice, ne sarebbero tolti. Per condividerla di nuovo con loro: shzadm zone share %[1]s %[3]s; per toglierli lo stesso: shzadm zone apply %[1]s --sure",
	"gains":       "non è stato cambiato niente in %[1]s: la voce di una persona decide da sola, e chi è tolto dall'elenco avrebbe diritti che adesso non ha, per gruppi che vi sono: %[2]s. Per farlo lo stesso: --sure",
	"not-manager": "soltanto un gestore può possedere un'area, e questo utente non è in shzmgr: %s",
	"principal":   "con chi condividere si scrive user:NOME o group:NOME, per esempio user:bruno, non: %s",
	"not-in-base": "questo utente non è nel gruppo shzbase: %s",
	"is-owner":    "questo è il proprietario dell'area, che ha tutti i diritti: %s",
	"too-many":    "la lista di accesso è piena, e non lascia posto né per un altro né per quello che descrive l'area; condividere con un gruppo invece che con molti utenti",
	"not-closed":  "questa area chiusa non esiste; shzadm zone list --closed le mostra: %s",
	"expired":     "l'ultimo giorno di questa area è passato; darne un altro con --expires: %s",
	"same-person": "è la stessa persona, che l'ha già: %s",
	"past":        "questo giorno è passato: %s",
	"too-late":    "l'area può restare aperta al massimo fino al %s (max_expiry_days in sharezone.toml)",
	"no-object":   "non c'è nessuna area, cartella o file con questo nome: %s",
	"no-path":     "non è un percorso dentro un'area: %s",
	"link-on-way": "c'è un collegamento simbolico sul percorso, e nessuno passa di lì: %s",
	"moved":       "qualcosa sul percorso è stato spostato nel frattempo; ripetere il comando: %s",
	"no-base":     "la cartella delle aree manca o non è di root; shzadm doctor dice di più",

	"doctor-changed": "nota: %s non è come l'ha scritto install.sh; può deciderlo un amministratore\n",
	"doctor-well":    "%d controlli, nessun problema\n",
	"doctor-found":   "%d controlli, problemi: %d\n",
	"doctor-no-mend": "(non c'è un singolo comando che lo risolva)",

	"finding-content":             "%[1]s non è quello che ha scritto install.sh. Nella cartella dei sorgenti di Share Zone:",
	"finding-stranger":            "%[1]s non è di Share Zone; lì non deve stare altro",
	"finding-manifest":            "%[1]s: %[2]s. Eseguire nella cartella dei sorgenti di Share Zone:",
	"finding-no-group":            "manca il gruppo %[1]s",
	"finding-group-id":            "il gruppo %[1]s ha il numero %[2]s, che è di una persona",
	"finding-no-user":             "manca l'utente %[1]s",
	"finding-user-id":             "l'utente %[1]s ha l'uid %[2]s, che è di una persona",
	"finding-nologin":             "l'utente %[1]s può accedere alla macchina: %[2]s",
	"finding-has-password":        "l'utente %[1]s ha una password",
	"finding-groups":              "l'utente %[1]s è nei gruppi %[2]s; deve essere in: %[3]s",
	"finding-missing":             "%[1]s: %[2]s",
	"finding-unreadable":          "%[1]s non si può leggere: %[2]s",
	"finding-kind":                "%[1]s è di tipo %[2]s; deve essere di tipo %[3]s",
	"finding-link":                "%[1]s porta a %[2]s; deve portare a %[3]s",
	"finding-rights":              "%[1]s è %[2]s; deve essere %[3]s",
	"finding-mount":               "%[1]s non è un mount a sé",
	"finding-mount-options":       "%[1]s non è montata con %[3]s",
	"finding-read-only":           "%[1]s è montata in sola lettura",
	"finding-unwritable":          "%[1]s non si può scrivere: %[2]s",
	"finding-attributes":          "%[1]s: il file system non ha attributi utente (%[2]s); ext4, XFS e Btrfs li hanno",
	"finding-acls":                "%[1]s: il file system non ha ACL (%[2]s); ext4, XFS e Btrfs le hanno",
	"finding-nosuid":              "%[1]s sta in un file system montato con nosuid: nessuna richiesta può essere servita",
	"finding-noexec":              "%[1]s sta in un file system montato con noexec: nessuna richiesta può essere servita",
	"finding-sudoers":             "%[1]s non è valido: %[2]s",
	"finding-delegation":          "%[1]s non è in vigore, quindi nessuno può accedere: %[2]s",
	"finding-pam-service":         "%[1]s non si può leggere (%[2]s), ma %[3]s lo nomina: da quell'ingresso nessuno può accedere",
	"finding-pam-module":          "%[1]s non è installato, ma %[3]s lo richiede: nessuno può accedere",
	"finding-apache-config":       "%[1]s non è una configurazione valida: %[2]s",
	"finding-apache-down":         "%[1]s non è in funzione",
	"finding-apache-privileges":   "%[1]s gira senza poter ottenere privilegi: il gate non può diventare nessuno",
	"finding-apache-deaf":         "%[1]s non è in ascolto su %[3]s",
	"finding-apache-unhardened":   "%[1]s è stato avviato senza il suo hardening.conf",
	"finding-hsts":                "%[1]s è http con il nome di %[2]s: i browser che ci sono stati parlano con quel nome solo https, e questo ingresso no",
	"finding-hook-foreign":        "%[1]s non viene eseguito, e in pre_upload.d fa fallire ogni caricamento: altri che root potrebbero averlo scritto:",
	"finding-hook-no-file":        "%[1]s non viene eseguito, e in pre_upload.d fa fallire ogni caricamento: è un collegamento, o non è un file:",
	"finding-hook-not-executable": "%[1]s non si può eseguire, e in pre_upload.d fa fallire ogni caricamento: non tutti possono eseguirlo:",
	"finding-scanner-down":        "i file in arrivo vanno controllati, ma %[1]s non risponde: %[2]s",
	"finding-apparmor-profile":    "%[1]s non è un profilo di AppArmor valido: %[2]s",
	"finding-apparmor-not-loaded": "AppArmor non conosce ancora %[1]s",
	"finding-system-member":       "%[1]s è nel gruppo shzbase, ma l'uid %[2]s non è di una persona",
	"finding-role":                "%[1]s è nel gruppo %[2]s, ma non in %[3]s",
	"finding-stale-lock":          "%[1]s è stato lasciato da un programma che non c'è più (%[2]s): nessuno può cambiare gli account di questa macchina",
	"finding-held-lock":           "%[1]s è tenuto da molto tempo dal processo %[2]s: finché non termina, nessuno può cambiare gli account di questa macchina",
	"finding-register":            "%[1]s è danneggiato: %[2]s",
	"finding-shell":               "l'utente %[1]s è stato creato da Share Zone e non deve accedere alla macchina; la sua shell è %[2]s",
	"finding-unregistered":        "l'uid %[2]s di %[1]s non è registrato in %[3]s e potrebbe essere assegnato di nuovo",
	"finding-lost-base":           "nessuno è più nel gruppo %[3]s; l'utente %[1]s, creato da Share Zone, ne faceva parte",
	"finding-factor-renamed":      "%[1]s è il secondo fattore di %[2]s, sotto un nome di prima: finché non sta sotto quello attuale, %[2]s non può entrare",
	"finding-factor-nobody":       "%[1]s è un secondo fattore di nessuno: l'utente %[2]s non esiste, o è ormai un altro",
	"finding-factors-lost":        "%[1]s, con tutti i secondi fattori, non c'è (forse dopo mezzo ripristino): nessuno entra da un ingresso che può chiederne uno. Va rimesso dalla copia di sicurezza; se è perduta per sempre, questo lascia entrare con la sola password dove non è richiesto:",
	"finding-lost-only":           "l'utente %[1]s è stato creato da Share Zone, ma non è nel gruppo %[3]s: il web non può cambiarlo, sshd lo fa entrare",
	"finding-config-untrusted":    "%[1]s deve essere un file di root che nessun altro può scrivere (%[2]s); fino ad allora nessuno può accedere",
	"finding-config-syntax":       "%[1]s non è TOML: %[2]s; fino ad allora nessuno può accedere",
	"finding-config-unknown":      "%[1]s: l'impostazione %[2]s non esiste; fino ad allora nessuno può accedere",
	"finding-config-value":        "%[1]s: %[2]s deve essere un numero intero nell'intervallo %[3]s; fino ad allora nessuno può accedere",
	"finding-config-text":         "%[1]s: %[2]s ha un valore che non può avere (sharezone.toml(5) dice quali può avere); fino ad allora nessuno può accedere",
	"finding-worker-idle":         "quello che hanno fatto le richieste è nello spool dal %[2]s: nessuno viene avvisato e nessuna attività è registrata, se cron non avvia %[1]s ogni minuto",
	"finding-zone-log":            "in %[1]s non si può scrivere il registro delle attività dal %[2]s (%[3]s): quello che è stato fatto in quell'area, se qualcosa c'è, aspetta nello spool, e nessuno viene avvisato; ecco che cosa c'è:",
	"finding-system-log":          "in %[1]s non si può scrivere il registro delle attività di tutto il sistema dal %[2]s (%[3]s): quello che hanno fatto le richieste aspetta nello spool, e nessuno viene avvisato; ecco che cosa c'è:",
	"finding-mail-waiting":        "messaggi in attesa: %[1]s, il più vecchio dal %[2]s; con ciascuno c'è il perché:",
	"finding-mail-failed":         "messaggi che non si è riusciti a consegnare: %[1]s; con ciascuno c'è il perché, e \"shzadm queue retry\" e \"drop\" lo chiudono:",
	"finding-notices-wait":        "in %[1]s dal %[2]s c'è qualcosa che nessuno ha saputo; il log del sistema dice perché:",
	"finding-messages-open":       "un messaggio in %[1]s doveva uscire il %[2]s e non ne esce; il log del sistema dice perché:",
	"finding-worker-unwatched":    "%[1]s non è attivo: quello che le richieste hanno fatto lo prende solo cron, fino a un minuto dopo:",
	"finding-message-no-file":     "%[1]s non si usa, e i messaggi hanno le parole di Share Zone: è un collegamento, o non è un file:",
	"finding-message-foreign":     "%[1]s non si usa, e i messaggi hanno le parole di Share Zone: altri che root potrebbero averlo scritto:",
	"finding-message-unreadable":  "%[1]s non si usa, e i messaggi hanno le parole di Share Zone: il worker non può leggerlo:",
	"finding-message-unknown":     "%[1]s non si usa: il suo nome non è quello di un messaggio e di una lingua:",
	"finding-message-malformed":   "%[1]s non si usa, e i messaggi hanno le parole di Share Zone: la riga %[2]s non è come deve essere:",
	"finding-sms-program":         "%[1]s deve mandare gli SMS (sms.transport) e non si può eseguire: %[2]s",
	"finding-sms-folder":          "gli SMS vanno in %[1]s (sms.transport), che non si può usare: %[2]s",
	"finding-sms-folder-mode":     "gli SMS vanno in %[1]s, in cui il suo gruppo non può scrivere (%[2]s):",
	"finding-sms-no-mail":         "%[1]s: sms.transport c'è e mail.host è vuoto: nessuno viene avvisato di niente, nemmeno per SMS",
	"finding-cleaner-state":       "%[1]s, la registrazione dei lavori del cleaner, è danneggiata; senza di essa i giorni di grazia delle aree chiuse ricominciano:",
	"finding-cleaner-back":        "l'orologio segnava %[2]s e segna %[3]s: %[1]s non accorcia nessuna area finché non è andato avanti per un giorno; correggerlo se è sbagliato",
	"finding-cleaner-clock":       "l'orologio è saltato da %[2]s a %[3]s: %[1]s non chiude e non elimina nulla finché non è andato avanti per un giorno; correggerlo se è sbagliato",
	"finding-cleaner-idle":        "%[1]s ha fatto qualcosa l'ultima volta il %[2]s: nulla viene chiuso o eliminato e nessun proprietario è avvisato, se cron non lo avvia ogni minuto",
	"finding-cleaner-unfinished":  "il lavoro %[1]s del cleaner è cominciato, e non arriva alla fine dal %[2]s; aree che qualcuno sta modificando: %[3]s.",
	"finding-cleaner-failed":      "il lavoro %[1]s del cleaner non ha potuto fare tutto l'ultima volta (%[2]s): %[3]s",
	"finding-names":               "nomi di utenti o gruppi non si sono potuti cercare (%[1]s): %[2]s",
	"finding-aside":               "%[1]s è rimasto da un'eliminazione interrotta, e il cleaner (--once uploads) non può finirla: nessuno ha guardato che cosa contiene, o non si può eliminare; guardare con ls -lAR, restituire con mv quel che a qualcuno manca, eliminare il resto",
	"finding-zone-aside":          "%[1]s è rimasto da un'eliminazione interrotta (nell'area %[2]s), e il cleaner (--once uploads) non può finirla: nessuno ha guardato che cosa contiene, o non si può eliminare; guardare con ls -lAR, restituire con mv quel che a qualcuno manca, eliminare il resto",
	"finding-stray":               "%[1]s non è un'area",
	"finding-stray-folder":        "%[1]s di %[2]s non è un'area, per via del nome; lo sarebbe, restando al suo posto, come %[3]s:",
	"finding-stray-file":          "%[1]s di %[2]s non è un'area, e lì non deve stare altro; dire a %[2]s che finisce in /root:",
	"finding-zone-id":             "%[1]s non ha un id (user.shz.id)",
	"finding-zone-twin":           "%[1]s ha lo stesso id di %[2]s, quindi l'una vedrebbe le attività dell'altra",
	"finding-metadata":            "%[1]s: %[2]s",
	"finding-zone-keep":           "%[1]s: niente vi si elimina per la sua età, perché ciò che deve restare non si capisce: %[2]s; il proprietario lo sceglie di nuovo alla pagina Cosa scade e quando dell'area",
	"finding-zone-owner":          "%[1]s appartiene a %[2]s, che non è nel gruppo %[3]s",
	"finding-zone-orphan":         "%[1]s appartiene a %[2]s, che non è nel gruppo shzbase; con ciò che vi ha di suo si può dare a un altro gestore, per esempio con:",
	"finding-zone-chowned":        "%[1]s appartiene a %[2]s, che non può possedere aree; la sua ACL predefinita nomina ancora %[3]s; per restituirla:",
	"finding-zone-nobody":         "%[1]s è condivisa con %[2]s, che non è nessuno",
	"finding-zone-rights":         "%[1]s ha %[2]s; deve avere %[3]s",
}
