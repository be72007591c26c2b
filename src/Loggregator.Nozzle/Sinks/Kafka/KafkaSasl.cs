namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>How the client says who it is.</summary>
internal enum KafkaSasl
{
    /// <summary>Not by SASL.</summary>
    None,

    /// <summary>PLAIN.</summary>
    Plain,

    /// <summary>SCRAM-SHA-256.</summary>
    ScramSha256,

    /// <summary>SCRAM-SHA-512.</summary>
    ScramSha512,

    /// <summary>OAUTHBEARER, by the settings <c>sasl.oauthbearer.*</c> of librdkafka.</summary>
    Oauthbearer,
}
