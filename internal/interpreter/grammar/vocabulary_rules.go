package grammar

import "github.com/quantumlayer/qlp/internal/qlp"

// ruleRows are whole statements about things.
const ruleRows = `
cascade: deleting|removing <e> also|automatically|should|will|must* deletes|removes|delete|remove also|its|their|all|of|the|any* <E> too|as|well*
cascade: when|if|once|whenever <e> is|are|gets deleted|removed ,? then? also? its|their|all|of|the|any* <E> is|are|get|gets|should|must|will|also|be|automatically* deleted|removed too|also|as|well*
cascade: when|if|once|whenever <e> is|are|gets deleted|removed ,? then? also? delete|remove also|its|their|all|of|the|any* <E> too|also|as|well*
cascade: when|if|once|whenever deleting|removing <e> ,? then? also? delete|remove also|its|their|all|of|the|any* <E> too|also|as|well*
cascade-: delete|remove also|all|the|its* <E> when|if|once|whenever its|their|the|a|an* <e> is|are|gets deleted|removed
cascade-: <E> is|are|get|gets|should|must|will|be|also* deleted|removed automatically? together|along? with its|their|the|a|an* <e>
cascade-: <E> is|are|get|gets|should|must|will|be|also* deleted|removed automatically? when|if|once|whenever its|their|the|a|an* <e> is|are|gets deleted|removed
cascade-: <E> go|goes|disappear|disappears away? with its|their|the|a|an* <e>
cascade: deleting|removing <e> should|must|will? cascades|cascade to its|their|all|of|the|any* <E>
cascade: cascade the? deletes|deletion|delete|deletions from|of <e> to its|their|all|the* <E>
cascade: delete|deletion|removal cascades from <e> to its|their|all|the* <E>
cascade: on delete|deletion|removal of <e> ,? cascade to? its|their|all|the* <E>
cascade: on delete|deletion|removal of <e> ,? delete|remove its|their|all|the|of* <E>
cascade: deletes cascade from <e> to its|their|all|the* <E>
restrict: do|does|must|should|shall not allow|permit to|the|deleting|removing|delete|remove|deletion|removal|of* <e> that|which|who|if|while|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|with|there|are|is|any|referenced|by|used|in|its|their* <E> left|attached|exist|in|it|them|referring|pointing|to|are|is|present|on|there|under*
restrict: not delete|remove|deleting|removing <e> that|which|who|if|while|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|with|there|are|is|any* <E> left|attached|exist|in|it|them|are|is|present*
restrict: not be possible|allowed to delete|remove <e> that|which|who|if|while|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|with|there|are|is|any* <E> left|attached|exist|in|it|them|are|is|present*
restrict: deleting|removing <e> must|should fail|fails if|when|while|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|there|are|is|any* <E> left|attached|exist*
restrict: prevent|forbid|refuse|block|disallow|reject|prohibit to|the|deleting|removing|delete|remove|deletion|removal|of* <e> that|which|who|if|while|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|with|there|are|is|any|referenced|by|used|in|its|their* <E> left|attached|exist|in|it|them|are|is|present*
restrict: <e> can|must|may|should not be deleted|removed that|which|who|if|while|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|with|there|are|is|any|referenced|by|used|in|its|their* <E> left|attached|exist|in|it|them|referring|to|are|is|present*
restrict: <e> that|which|who|with|still|has|have|having|existing|open|any* <E> can|must|may|should not be deleted|removed
restrict: deleting|removing <e> that|which|who|with|still|has|have|having|any|if|while|when|it|there|are* <E> is|must|should|be|exist* not allowed|permitted|possible
restrict: deleting|removing <e> that|which|who|with|still|has|have|having|any|if|while|when|it|there|are* <E> is|must|should|be|exist* forbidden|refused|rejected|blocked|prevented|prohibited|disallowed
restrict: deleting|removing <e> is|must|should|be* not allowed|permitted|possible while|if|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|there|are|is|any|with* <E> left|attached|exist|in|it|them|are|is|present*
restrict: deleting|removing <e> is|must|should|be* forbidden|refused|rejected|blocked|prevented|prohibited|disallowed while|if|when|as|long|it|they|still|has|have|contain|contains|include|includes|hold|holds|own|owns|there|are|is|any|with* <E> left|attached|exist|in|it|them|are|is|present*
restrict: deletion|removal of <e> that|which|who|with|still|has|have|having|any|if|while|when|it|there|are* <E> is|must|should|be|exist* forbidden|refused|rejected|blocked|prevented|prohibited|disallowed
set_null: deleting|removing <e> leaves|keeps its|their|the|all|of* <E> without|unassigned|with|no|it|them|in|place|intact|a|an|alone* <e>?
set_null: deleting|removing <e> unassigns|detaches|orphans|unlinks its|their|the|all|of* <E>
set_null: when|if|once <e> is|are|gets deleted|removed ,? then? its|their|the|all|of* <E> is|are|become|becomes|stay|stays|remain|remains|should|must|will|be|simply|just|left* unassigned|kept|orphaned|detached|unlinked|cleared but|and|with|without|lose|it|no* <e>?
set_null: when|if|once <e> is|are|gets deleted|removed ,? then? its|their|the|all|of* <E> stay|remain|stays|remains but|and|with|without|lose|it|no* <e>?
set_null: when|if|once <e> is|are|gets deleted|removed ,? then? keep|unassign|detach|orphan its|their|the|all|of* <E> but|and|with|without|it|no* <e>?
set_null: when|if|once <e> is|are|gets deleted|removed ,? then? its|their|the|all|of* <E> lose|loses their|its|the* <e>
set_null-: <E> stay|stays|remain|remains|are|is kept|intact? when|if|once its|their|the|a|an* <e> is|are|gets deleted|removed
set_null=: when|if|once <e> is|are|gets deleted|removed ,? then? set|clear|empty|null the|its* <v> of|on|in its|their|the|all|of* <E> to|null|empty|nothing*
set_null=: when|if|once <e> is|are|gets deleted|removed ,? then? the|its* <v> of|on|in its|their|the|all|of* <E> is|are|becomes|gets|should|be* set to null|empty|nothing
set_null=: when|if|once <e> is|are|gets deleted|removed ,? then? the|its* <v> of|on|in its|their|the|all|of* <E> is|are|becomes|gets|should|be* cleared|emptied|null|empty
set_null=: deleting|removing <e> sets|clears|empties|nulls the|its* <v> of|on|in its|their|the|all|of* <E> to|null|empty|nothing*
m2m: <e> and <e> is|are|have|has|in|a|an|linked|related|connected|relation|relationship|both* many to many relation|relationship|relations|relationships|association?
m2m: a|the? many to many relation|relationship|association|link|connection? between <e> and <e>
m2m: there is a many to many relation|relationship|association|link|connection? between <e> and <e>
m2m: <e> <-> <e>
m2m: <e> is|are|has|have|a|in* many to many relation|relationship|association|related|linked? with|to <e>
`

// findRows are statements about search and filters.
const findRows = `
search: search|searching|find|finding for|in|on|through|the|all|over|across* <E> by|on|via|using|with|at their|its|the|either* <F>
search: search|searching|full text? over|in|on|through|across the|all* <F> of|in|on <E>
search: full? text? search on|over|in|for|of|across <E> by|on|over|in|via|using their|its|the|either* <F>
search: search|searching|searchable|searched by|on|over|in|via|across their|its|the|either* <F>
search: <E> is|are|be|should|must|can|be|also|made* searchable|searched|found by|on|via|over|in|across their|its|the|either* <F>
search: make <E> searchable by|on|via|over|in|across their|its|the|either* <F>
search: full? text? search on|over|in|by|across their|its|the|either* <F>
filter: filter|filtering for|the|all* <E> by|on|via their|its|the|either* <F>
filter: list|listing the|all* <E> filtered by|on their|its|the|either* <F>
filter: filter|filtering|filterable|filtered|filters by|on|for their|its|the|either* <F>
filter: <E> is|are|be|should|must|can|also|made* filterable|filtered by|on|via their|its|the|either* <F>
filter: make <E> filterable by|on|via their|its|the|either* <F>
both: search|find and|or|/|& filter the|all* <E> by|on|via their|its|the|either* <F>
both: <E> is|are|be|should|must|can|be|also|made* searchable|searched and filterable|filtered by|on|via their|its|the|either* <F>
`

// settingRows are the cores of what is said of the whole service; "~" marks those that need a verb or a preposition in
// front, because the word alone may be something else.
const settingRows = `
auth api_key: x? api|apikey key|keys based? authentication|auth|protection|security|header|authorization|authorisation|access? header?
auth api_key: apikey|apikeys authentication|auth|protection|header?
auth none: no|without authentication|auth|login|security|authorization|api? key|keys|protection?
extra dockerfile: dockerfile|docker|containerised|containerized|dockerized|dockerised file|image|support|container|ready?
extra dockerfile: container image|file
extra compose: docker compose|composefile file|setup|yaml|yml|configuration?
extra compose: compose file|yaml|setup
extra openapi: openapi|swagger 3.0|3.1|3? spec|specification|documentation|docs|file|description|document|definition|schema|ui?
extra openapi: open api spec|specification|documentation|docs|file|description|document|definition
extra ci: ci / cd pipeline|workflow|setup|configuration?
extra ci: ci|cicd pipeline|workflow|setup|configuration|config|file?
extra ci: continuous integration pipeline|workflow|setup?
extra ci: github actions|workflow|workflows pipeline|workflow|workflows|ci|file?
extra terraform_azure: terraform for|on|to|targeting|in azure
extra terraform_azure: azure with|using|via|through|and|by terraform
extra terraform_azure: azure terraform files|configuration|config|code|deployment|scripts?
extra terraform_azure: terraform to? deploy|deploying|deployment|deployable|run|host* it? on|to|in azure
extra readme: readme|documentation file?
extra makefile: makefile
extra makefile: make file
extra gitignore: gitignore|.gitignore file?
storage sqlite: sqlite|sqlite3|sql lite? database|db|storage|file|store|persistence?
storage memory: in memory|ram storage|store|database|only|data|persistence?
storage memory: memory storage|store|only
storage memory: inmemory storage|store?
~storage memory: memory
storage file: file|files|journal|disk based|backed? storage|store|persistence|database
storage file: flat|json|local|plain file|files storage?
~storage file: file|files|disk
page: page size of|is|:|=|to? <n> items|results|rows|records|entries?
page: pagesize of|is|:|=? <n>
page: page limit of|is|:|=? <n>
page: <n> items|results|rows|records|entries|things? per|a|each|on|in each|a|every|one* page
page: <n> <e> per|a|each|on|in each|a|every|one* page
page: pages of <n> items|results|rows|records|entries?
page: paginated|pagination|paginate|paging the|all|results|lists|list|them|it|everything|responses|with|by|of|at|to* a|an|page|size|of* <n> items|results|rows|records|entries? per|a|each* page?
paged: paginated|pagination|paginate|paging the|all|results|lists|list|them|responses|everything|support*
paged: paginated lists|list|results|responses
fluff: json only|responses|bodies|payloads|in|out|and|over|http*
~fluff: unit|integration|automated? tests|test|testing suite|coverage|included?
~fluff: good|high|full? test coverage
fluff: well? tested
~fluff: the? standard library only?
fluff: no external? framework|frameworks|dependencies|dependency
fluff: without any? external? framework|frameworks|dependencies
~fluff: stdlib only?
~fluff: structured? logging|logs
~fluff: graceful shutdown
~fluff: a? health check|endpoint|checks
~fluff: input? validation of? input?
~fluff: proper|good? error handling|messages|responses
~fluff: clean|idiomatic|readable|simple code
~fluff: best practices
fluff: validate|check all? input|inputs|requests|data
fluff: log all|every? requests|request
fluff: crud endpoints|operations|routes|functionality|support?
fluff: full|standard|basic|usual|complete crud endpoints|operations|routes|functionality|support?
timestamps: timestamps|timestamp fields?
timestamps: created at and|/|& updated at timestamps|fields|automatically|set|datetime*
timestamps: creation and update|modification timestamps|times|dates
`

// stackRows name targets. The second word is the stack; "!" names what no stack of ours is.
var stackNames = map[string]string{
	"go": "go", "golang": "go", "python": "python", "python3": "python", "py": "python", "node": "node", "nodejs": "node", "node.js": "node",
	"javascript": "node", "js": "node", "typescript": "node", "ts": "node",
}

// foreignStacks are languages, frameworks and platforms that the offline stacks do not cover. Those marked true are plain
// English words too, and count only where a stack can stand.
var foreignStacks = map[string]bool{
	"java": false, "kotlin": false, "scala": false, "rust": true, "ruby": true, "rails": true, "php": false, "laravel": false, "symfony": false,
	"c#": false, "c++": false, "f#": false, ".net": false, "dotnet": false, "asp.net": false, "swift": true, "objective": true, "elixir": true, "phoenix": true,
	"haskell": false, "clojure": false, "erlang": false, "perl": false, "lua": false, "dart": true, "flutter": false, "spring": true, "springboot": false,
	"quarkus": false, "micronaut": false, "django": false, "flask": true, "fastapi": false, "tornado": true, "aiohttp": false, "starlette": false,
	"gin": true, "echo": true, "fiber": true, "chi": true, "gorilla": true, "express": true, "expressjs": false, "express.js": false, "nestjs": false,
	"nest.js": false, "koa": true, "fastify": false, "hapi": false, "next.js": false, "nextjs": false, "react": true, "vue": true, "vue.js": false, "angular": true,
	"svelte": false, "deno": false, "bun": true, "zig": true, "nim": true, "julia": true, "ocaml": false, "cobol": false, "fortran": false, "vb.net": false,
	"ios": false, "android": false, "iphone": false, "ipad": false, "macos": false, "unity": true, "unreal": true, "gorm": false, "sqlalchemy": false, "prisma": false,
	"bash": true, "powershell": false, "matlab": false, "r": true, "solidity": false, "actix": false, "axum": false, "rocket": true, "sinatra": false,
	"grails": false, "delphi": false, "wordpress": false,
}

// foreignStorage are databases that a generated service does not use.
var foreignStorage = set("postgres postgresql mysql mariadb mongo mongodb redis cassandra dynamodb oracle mssql cockroachdb firestore firebase elasticsearch supabase neo4j memcached couchdb nosql bigquery clickhouse influxdb")

// operationForms name the operations, in every form.
var operationForms = map[qlp.Operation]string{
	qlp.OpCreate: "create creates creating created creation add adding added insert inserting inserted adds post posting",
	qlp.OpList:   "list lists listing listed",
	qlp.OpGet:    "get getting fetch fetching fetched show showing shown retrieve retrieving retrieved",
	qlp.OpUpdate: "update updates updating updated edit edits editing edited change changing changed modify modifying modified modification changes put patch",
	qlp.OpDelete: "delete deletes deleting deleted deletion remove removing removed removal deletions",
}
