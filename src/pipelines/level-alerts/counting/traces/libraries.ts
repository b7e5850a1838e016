/**
 * Frames that are not the user's own code, by the names of their packages and by their folders: the languages themselves, and the
 * libraries that are most used in servers.
 */
export const jvmLibrary = new RegExp(
  `^(?:${[
    'javax?|jakarta|jdk|sun|com\\.sun|scala|kotlinx?|groovy|clojure|cats|fs2|zio|akka|play|slick|rx|reactor|okhttp3|okio|retrofit2|feign|redis\\.clients|brave|zipkin2?',
    'org\\.(?:apache|spring\\w*|hibernate|jboss|wildfly|eclipse|glassfish|postgresql|mariadb|h2|hsqldb|mongodb|bson|elasticsearch|opensearch|slf4j|quartz|thymeleaf|xnio|jooq|redisson|bouncycastle|codehaus|aspectj|mockito|junit|testng|flywaydb|liquibase|gradle|jetbrains|json|yaml|neo4j|keycloak|infinispan|reactivestreams|mybatis|mapstruct|osgi)',
    'com\\.(?:fasterxml|google|zaxxer|mysql|microsoft|oracle|mongodb|datastax|amazonaws|squareup|ibm|rabbitmq|netflix|typesafe|hazelcast|mchange|codahale|jcraft|newrelic|datadoghq|twitter|lmax|github\\.benmanes|couchbase|lightbend|vaadin|hubspot)',
    'io\\.(?:netty|grpc|vertx|micrometer|micronaut|quarkus|undertow|lettuce|reactivex|smallrye|ktor|jsonwebtoken|opentelemetry|prometheus|projectreactor|swagger|circe|confluent|r2dbc)',
    'software\\.amazon|ch\\.qos|net\\.(?:bytebuddy|sf|logstash)|dev\\.(?:failsafe|langchain4j)',
  ].join('|')})\\.`,
);
export const dotnetLibrary =
  /^(?:System|Microsoft|Newtonsoft|Npgsql|Dapper|Serilog|NLog|log4net|MassTransit|Polly|MediatR|Grpc|StackExchange|MySql|MySqlConnector|RabbitMQ|Castle|Autofac|AutoMapper|FluentValidation|Hangfire|Quartz|Amazon|Azure|Google|MongoDB|Confluent|Xunit|NUnit|lambda_method)\b/;
export const nodeLibrary = /^node:|^internal\/|[/\\]node_modules[/\\]|^<anonymous>$/;
export const pythonLibrary =
  /[/\\](?:site|dist)-packages[/\\]|[/\\]lib(?:64)?[/\\]python\d|^<frozen |[/\\]Lib[/\\](?!.*[/\\]Lib[/\\])\w+\.py$/;
/** Go's own packages, module caches and vendored modules. */
export const goLibrary = /\/go\/src\/|\/usr\/lib\/go|\/pkg\/mod\/|\/vendor\/|\/libexec\/src\/|\/hostedtoolcache\/go\//;
export const rubyLibrary = /\/gems\/|\/lib\/ruby\/|\/rubies\/|^<internal:|\/bundler\//;
export const phpLibrary = /[/\\]vendor[/\\]|^\[internal function\]/;
export const rustLibrary =
  /^(?:(?:std|core|alloc|tokio|tokio_util|futures\w*|hyper|tower\w*|axum|actix\w*|rayon\w*|tracing\w*|anyhow|eyre|color_eyre|backtrace|panic_unwind|test)::|rust_begin_unwind|__rust|_?start|main$|__libc|start_thread|clone|<(?:std|core|alloc|tokio|futures\w*|hyper|tower\w*|axum|actix\w*)::|<.* as (?:std|core|alloc|futures\w*|hyper|tower\w*)::)/;
