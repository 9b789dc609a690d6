# The rules that come with QLP. An operator may put another file in their place (validator.policy in the settings).
#
# input.spec    {title, kind, stack, auth, storage, extras, entities}
# input.stack   {name, language}
# input.checks  a list of {key, layer, name, status, reason, counts: {passed, failed, skipped}, findings: [{path, line, rule, severity, message}]}
#
# required  a set of keys of checks that must have passed, or of layers ("build/*": every check of the layer, and at
#           least one). A required check that is not in the report is added to it as not_run: nothing required is
#           silently absent.
# deny      a set of sentences; one is enough to fail policy/rules.
package qlp.policy

# Software that exists already is judged as it is: nobody froze tests before it was written, it may hold broken files and
# keys on purpose, and its style is its own. It must build, with the packages that it names, and pass its tests.
verify_only if input.spec.kind == "repository"

required contains key if {
	verify_only
	some key in ["test/unit", "policy/rules"]
}

required contains "build/*" if {
	verify_only
	input.stack.language != "html" # pages are not built
}

# What every project must pass that QLP has built.
required contains key if {
	not verify_only
	some key in [
		"syntax/*",
		"build/*",
		"test/acceptance",
		"test/unit",
		"security/secrets",
		"policy/rules",
	]
}

# A service must also start and answer.
required contains "start/probes" if input.spec.kind == "service"

# Go brings its formatter and its analyser with it, so there is no excuse.
required contains key if {
	not verify_only
	input.stack.language == "go"
	some key in ["quality/format", "security/gosec"]
}

# Where a formatter is there, a program is held to it: what it would change is not a matter of taste. Who has no formatter
# installed is told so, and judged without.
program if input.spec.kind in ["cli", "pipeline", "project"]

required contains "quality/format" if {
	program
	some check in input.checks
	check.key == "quality/format"
	check.status != "not_run"
}

# A Dockerfile that was asked for is held to its rules.
required contains "security/dockerfile" if "dockerfile" in input.spec.extras

deny contains sprintf("%s passed and executed no test", [check.key]) if {
	some check in input.checks
	check.layer == "test"
	check.status == "passed"
	check.counts.passed + check.counts.failed == 0
}

deny contains sprintf("%s passed with %d failed cases", [check.key, check.counts.failed]) if {
	some check in input.checks
	check.status == "passed"
	check.counts.failed > 0
}

deny contains sprintf("%s passed with a finding of severity error: %s", [check.key, finding.message]) if {
	some check in input.checks
	check.status == "passed"
	some finding in check.findings
	finding.severity == "error"
}
