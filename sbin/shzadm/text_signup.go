package main

// signupEN are the sentences about people who ask for an account.
var signupEN = texts{
	"help signup list": `usage: shzadm signup list [--json]

Lists who has no account, asks for one and has confirmed the mail address, the oldest first: the id, since
when, what they say of themselves, which accounts have the address already, and which account was begun
for them and not finished. Whether people may ask is said by entries in the section signup of the settings.
`,
	"help signup confirm": `usage: shzadm signup confirm ID NAME [--expires DAY] [--json]

Makes the account NAME with what the request says, and has a link sent by which its owner chooses the
password. Who asks anew has another ID, so what was seen is what is confirmed. What was interrupted ends in
the same way when it is said once more.

  --expires DAY   YYYY-MM-DD, the first day on which the account is disabled
  --json          print a JSON object
`,
	"help signup decline": `usage: shzadm signup decline ID [--reason TEXT] [--json]

Ends a request. The TEXT goes to the mail address; without one nothing is sent.

  --reason TEXT   one paragraph, up to 600 characters
  --json          print a JSON object
`,
	"signup-columns":         "ID SINCE NAME COMPANY EMAIL ACCOUNTS BEGUN WORDS",
	"signup-in":              "User %s: has an account already, and has chosen the password; the request is ended\n",
	"signup-declined":        "The request of %s is ended; nothing was sent\n",
	"signup-declined-mailed": "The request of %s is ended; the reason goes there by mail\n",
	"signup-gone":            "this request has changed meanwhile, or was decided or is over; shzadm signup list shows what is there now",
	"signup-begun":           "the account %[1]s was made for this request already; say that name: shzadm signup confirm ID %[1]s, or delete the account before: shzadm user delete %[1]s",
	"form-reason":            "one paragraph of up to 600 characters, without control characters",

	"finding-signup-no-url":  "%[1]s: people may ask for an account by the %[2]s entry (signup.entries), which has no public_url that the link in the mail could lead to: the page is not there",
	"finding-signup-no-mail": "%[1]s: people may ask for an account by the %[2]s entry (signup.entries), and mail.host is empty, so no link can be sent: the page is not there",
	"finding-signups-wait":   "people who ask for an account and wait for more than a day: %[1]s, the first since %[2]s; each is confirmed or declined:",
}

// signupIT are the same in Italian.
var signupIT = texts{
	"help signup list": `uso: shzadm signup list [--json]

Elenca chi non ha un account, ne chiede uno e ha confermato l'indirizzo di posta, dal più vecchio: l'id, da
quando, che cosa dice di sé, quali account hanno già l'indirizzo, e quale account è stato cominciato e non
finito. Se si può chiedere lo dice entries nella sezione signup delle impostazioni.
`,
	"help signup confirm": `uso: shzadm signup confirm ID NOME [--expires GIORNO] [--json]

Crea l'account NOME con quel che dice la richiesta, e manda un link con cui il suo titolare sceglie la
password. Chi chiede di nuovo ha un altro ID, quindi si conferma ciò che si è visto. Ciò che è stato
interrotto finisce allo stesso modo se lo si dice un'altra volta.

  --expires GIORNO   AAAA-MM-GG, il primo giorno in cui l'account è disattivato
  --json             mostra un oggetto JSON
`,
	"help signup decline": `uso: shzadm signup decline ID [--reason TESTO] [--json]

Chiude una richiesta. Il TESTO va all'indirizzo di posta; senza, non si manda niente.

  --reason TESTO   un capoverso, al massimo 600 lettere
  --json           mostra un oggetto JSON
`,
	"signup-columns":         "ID DAL NOME AZIENDA EMAIL ACCOUNT COMINCIATO PAROLE",
	"signup-in":              "Utente %s: ha già un account, e ha scelto la password; la richiesta è chiusa\n",
	"signup-declined":        "La richiesta di %s è chiusa; non si è mandato niente\n",
	"signup-declined-mailed": "La richiesta di %s è chiusa; il motivo le arriva per posta\n",
	"signup-gone":            "questa richiesta nel frattempo è cambiata, o è stata decisa o è scaduta; shzadm signup list mostra quali ci sono ora",
	"signup-begun":           "per questa richiesta è già stato creato l'account %[1]s; si dica quel nome: shzadm signup confirm ID %[1]s, o si elimini prima l'account: shzadm user delete %[1]s",
	"form-reason":            "un capoverso di al massimo 600 lettere, senza caratteri di controllo",

	"finding-signup-no-url":  "%[1]s: dall'ingresso %[2]s si può chiedere un account (signup.entries), ma non ha un public_url a cui possa portare il link nella mail: la pagina non c'è",
	"finding-signup-no-mail": "%[1]s: dall'ingresso %[2]s si può chiedere un account (signup.entries), ma mail.host è vuoto, quindi nessun link può partire: la pagina non c'è",
	"finding-signups-wait":   "persone che chiedono un account e aspettano da più di un giorno: %[1]s, la prima dal %[2]s; ognuna si conferma o si rifiuta:",
}
