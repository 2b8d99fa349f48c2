CREATE TABLE jobs (
	id VARCHAR(64) NOT NULL,
	study TEXT NOT NULL,
	owner VARCHAR(200) NOT NULL,
	state VARCHAR(16) NOT NULL,
	created FLOAT NOT NULL,
	started FLOAT,
	ended FLOAT,
	done FLOAT DEFAULT '0' NOT NULL,
	total FLOAT DEFAULT '0' NOT NULL,
	error TEXT DEFAULT '' NOT NULL,
	traceback TEXT DEFAULT '' NOT NULL,
	server VARCHAR(200) DEFAULT '' NOT NULL,
	beat FLOAT DEFAULT '0' NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE measures (
	"key" VARCHAR(64) NOT NULL,
	state_key VARCHAR(64) NOT NULL,
	measure VARCHAR(64) NOT NULL,
	model VARCHAR(64) NOT NULL,
	device VARCHAR(32) NOT NULL,
	machine VARCHAR(200) NOT NULL,
	images INTEGER,
	seconds FLOAT NOT NULL,
	created FLOAT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE meta (
	name VARCHAR(32) NOT NULL,
	value INTEGER NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE runs (
	id VARCHAR(64) NOT NULL,
	created FLOAT NOT NULL,
	updated FLOAT NOT NULL,
	owner VARCHAR(200) NOT NULL,
	name VARCHAR(200) NOT NULL,
	note TEXT NOT NULL,
	model TEXT NOT NULL,
	scorer TEXT NOT NULL,
	granularity TEXT NOT NULL,
	allocation TEXT NOT NULL,
	sparsity TEXT NOT NULL,
	kept BOOLEAN NOT NULL,
	seconds FLOAT NOT NULL,
	study TEXT NOT NULL,
	summary TEXT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX jobs_state ON jobs (state);
CREATE INDEX measures_pace ON measures (model, device, machine, created);
CREATE INDEX runs_created ON runs (created)
