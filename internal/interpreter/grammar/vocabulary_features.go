package grammar

// featureRows are what no generated service of ours can do. They are looked for in words that nothing else has
// understood, so that an entity called payment stays possible.
const featureRows = `
payments: payment|payments|stripe|paypal|checkout|billing|refund|refunds|charge|charges|charging
sending messages: send|sends|sending|sent|notify|notifies|notified|notification|notifications|reminder|reminders|emails|emailed|sms|newsletter
live updates: websocket|websockets|realtime|streaming|sse|live|subscribe|subscriptions
live updates: real time
live updates: server sent events
file uploads: upload|uploads|uploading|uploaded|attachment|attachments|image|images|photo|photos|avatar|avatars|thumbnail|thumbnails|video|videos
file uploads: attach|attaching files|file
GraphQL: graphql
gRPC: grpc|protobuf
SOAP: soap|wsdl
log-in and users' rights: jwt|oauth|oauth2|oidc|saml|sso|login|logins|signup|rbac|permission|permissions|role|roles|session|sessions|password|passwords|authentication|authenticate|authenticated|authorization|authorisation|authorized|accounts|admin|admins|bearer|token|tokens|2fa|mfa
log-in and users' rights: log|logged|sign|signed in|up|out
log-in and users' rights: user accounts|account|management|roles
log-in and users' rights: only the? owner|owners|author|admin|admins|their|own|logged
background jobs: cron|scheduler|scheduled|schedule|nightly|hourly|queue|queues|kafka|rabbitmq|worker|workers|async|celery|sidekiq
background jobs: background job|jobs|task|tasks|worker|workers|processing
background jobs: every hour|day|night|week|month|minute|morning
background jobs: once a|per hour|day|night|week|month
computed values: computed|calculated|calculate|calculates|calculating|compute|computes|derived|sum|average|averages|aggregate|aggregated|totals|count|counts|multiplied|formula
tenants: multi|tenant|tenants|multitenant|tenancy
import and export: import|imports|importing|export|exports|exporting|excel|pdf|xml|csv|xlsx|backup|backups
reports: report|reports|reporting|statistics|stats|dashboard|dashboards|analytics|chart|charts|graph|graphs
a user interface: frontend|ui|html|screen|screens|widget|button|webpage
a user interface: front end
caching and rate limits: cache|caching|cached|throttle|throttling
caching and rate limits: rate limit|limits|limiting|limited
versions and history: version|versions|versioning|versioned|history|audit|undo|revision|revisions|trash|restore|archive|archiving
versions and history: soft delete|deletes|deleted
sorting: sort|sorts|sorting|sorted|sortable|ordered|ordering|newest|oldest|descending|ascending
hosting elsewhere: kubernetes|k8s|helm|aws|gcp|lambda|serverless|heroku|vercel|netlify|cloudflare|cloud|nginx|s3|ecs|cloudformation|pulumi|ansible
calls to other systems: webhook|webhooks|integrate|integrates|integration|integrations|sync|synchronise|synchronize|slack|twitter|facebook|google|github|maps|weather|scrape|crawl|third
machine learning: ai|ml|predict|predicts|prediction|predictions|recommend|recommends|recommendation|recommendations|classify|embedding|embeddings|llm|chatgpt|gpt
patterns of text: regex|regexp|pattern|matching|matches|match|starts|ends|lowercase|uppercase|hashed|hash|encrypted|encrypt
rules that span rows or fields: overlap|overlaps|overlapping|double|conflict|conflicts|before|after|earlier|later|equal|equals|depends|depending|same
location search: nearby|nearest|radius|geolocation|gps
languages: translation|translations|translated|multilingual|i18n|localised|localized
bulk operations: bulk|batch
changes of state: approve|approves|workflow|transition|transitions|cancel|cancels|expire|expires|decrease|decreases|decreased|increase|increases|increased|reduce|reduces|reduced
`

// Words that tell software from everything else.
var (
	softwareNouns = set("app application apps applications software program programs tool tools script scripts website webpage site page bot chatbot engine game games " +
		"network library package plugin extension compiler parser interpreter dashboard crawler scraper algorithm function class module code database schema " +
		"server client api sdk cli daemon emulator simulator simulation model models pipeline etl editor ide firmware driver kernel os browser blockchain contract " +
		"frontend backend ui component spreadsheet macro query regex dockerfile terraform kubernetes operator controller microservice service system platform portal " +
		"neural classifier regression llm")
	softwareVerbs = set("train scrape crawl code program implement develop deploy automate refactor debug compile parse migrate containerize containerise e-mail download upload monitor notify sms remind")
	notSoftware   = set("poem essay story song letter joke haiku limerick speech cake dinner breakfast lunch pizza flight hotel taxi house holiday vacation")
	askingWords   = set("what who whom whose why how when where which explain tell describe translate define")
	platforms     = set("ios android iphone ipad macos windows mobile desktop smartwatch playstation xbox")
)

// foreignWords are common words of other languages that English does not have.
var foreignWords = set(
	// German
	"der das und eine einen einer eines ein ist für mit auf im den dem des von zu zur zum nicht sich auch bei nach oder aber wie wird werden kann mir ich wir sie er bitte erstelle erstellen schreibe baue jede jeder jedes haben hat soll " +
		// French
		"le la les une des du et est pour avec dans sur qui que où ou avec sans créer crée fais un veux je nous vous il elle chaque doit peut avoir aux leur ses cette ces " +
		// Spanish
		"el los las una unos y es para con por que del al como más pero su sus crea crear haz quiero cada debe tiene tienen puede necesito hacer uno " +
		// Italian
		"il lo gli una uno e è per con di della delle dei nel che crea creare ogni deve ha hanno voglio sono " +
		// Portuguese
		"o os as uma umas em com não para por dos das criar crie cada deve tem têm quero fazer você " +
		// Dutch
		"het een voor met van op niet maak bouw elk elke heeft hebben moet en zijn ik wil " +
		// Polish, Czech, Swedish, Danish, Turkish, Finnish
		"i z dla oraz jest się każdy stwórz och är att för som ett och på med af til og med lav ve bir için ile olan oluştur joka ja sekä kanssa luo")

// englishWords weigh against the foreign ones.
var englishWords = set("the a an and or of for with to in on is are be has have that which must can should it its their by from at each not no as please build create write make want need")
