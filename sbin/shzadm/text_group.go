package main

// groupsEN are the sentences about companies' groups.
var groupsEN = texts{
	"help group add": `usage: shzadm group add NAME [--json]

Makes the group of a partner company, shz-NAME, with which zones are then shared. NAME begins with a
letter or digit and has up to 27 of a-z 0-9 . _ - ; it may be given with shz- or without. Its number is
never given to anybody else.

The company's full name stands in the accounts of its people, where "user add" writes it: a group of
Unix has no place for one.

  --json   print a JSON object
`,
	"help group member": `usage: shzadm group member NAME USER... [--remove] [--json]

Puts users into the group of a company. They must be in Share Zone already. It holds from their next
request on.

  --remove   take them out of it
  --json     print a JSON object
`,
	"help group list": `usage: shzadm group list [--json]

Lists the groups of companies with their members, and what stands as company in the members' accounts.
`,
	"help group delete": `usage: shzadm group delete NAME [--json]

Removes the group of a company in which nobody is, and with which no open zone is shared. Its number is
never given to anybody else, so what still names it gives nothing to anybody.

  --json   print a JSON object
`,
	"group-deleted": "Group %s removed; nobody gets its number, %d.\n",
	"group-members": "somebody is in %s; shzadm group member takes them out (--remove)",
	"group-shared":  "zones are shared with %s: %s; to end that, for each: %s",
	"group-line":    "Group %s: gid %d, members: %s\n",
	"group-columns": "GROUP GID MEMBERS COMPANY",
	"group-name":    "the name of a company's group is shz- and up to 27 of a-z 0-9 . _ - , the first a letter or digit; not base, mgr, admin or only",

	"finding-unregistered-group": "gid %[2]s of group %[1]s does not stand in %[3]s and could be given again",
}

// groupsIT are the same in Italian.
var groupsIT = texts{
	"help group add": `uso: shzadm group add NOME [--json]

Crea il gruppo di un'azienda esterna, shz-NOME, con cui poi si condividono le aree. NOME inizia con una
lettera o cifra e ha al massimo 27 caratteri tra a-z 0-9 . _ - ; si può indicare con shz- o senza. Il suo
numero non viene mai dato ad altri.

Il nome completo dell'azienda sta negli utenti delle sue persone, dove lo scrive "user add": un gruppo di
Unix non ha un posto per esso.

  --json   mostra un oggetto JSON
`,
	"help group member": `uso: shzadm group member NOME UTENTE... [--remove] [--json]

Mette utenti nel gruppo di un'azienda. Devono essere già in Share Zone. Vale dalla loro prossima
richiesta.

  --remove   li toglie
  --json     mostra un oggetto JSON
`,
	"help group list": `uso: shzadm group list [--json]

Elenca i gruppi delle aziende con i loro membri, e quale azienda sta negli utenti dei membri.
`,
	"help group delete": `uso: shzadm group delete NOME [--json]

Toglie il gruppo di un'azienda in cui non c'è nessuno, e con cui non è condivisa nessuna area aperta. Il suo
numero non viene mai dato ad altri, quindi ciò che ancora lo nomina non dà niente a nessuno.

  --json   mostra un oggetto JSON
`,
	"group-deleted": "Gruppo %s tolto; nessuno avrà il suo numero, %d.\n",
	"group-members": "in %s c'è qualcuno; shzadm group member lo toglie (--remove)",
	"group-shared":  "con %s sono condivise delle aree: %s; per finirla, per ciascuna: %s",
	"group-line":    "Gruppo %s: gid %d, membri: %s\n",
	"group-columns": "GRUPPO GID MEMBRI AZIENDA",
	"group-name":    "il nome del gruppo di un'azienda è shz- e al massimo 27 caratteri tra a-z 0-9 . _ - , il primo una lettera o cifra; non base, mgr, admin o only",

	"finding-unregistered-group": "il gid %[2]s del gruppo %[1]s non è registrato in %[3]s e potrebbe essere assegnato di nuovo",
}
