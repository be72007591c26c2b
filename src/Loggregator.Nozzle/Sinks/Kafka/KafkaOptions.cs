using System.Globalization;
using Loggregator.Nozzle.Filters;
using Loggregator.Nozzle.Rendering;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks.Kafka;

/// <summary>
/// The options of <c>kafka://</c>. Whatever has a dot in its name is a setting of librdkafka and goes to it as it is, in place of what is set
/// here: <c>linger.ms=50</c>, <c>broker.version.fallback=0.9.0.1</c>.
/// </summary>
internal sealed class KafkaOptions
{
    private const int Port = 9092;
    private static readonly string[] SecretParts = ["password", "secret", "key.pem", "token", "oauthbearer.config", "username", "assertion"];

    /// <summary>Reads them.</summary>
    public KafkaOptions(SinkUrl url, OptionReader read)
    {
        Topic = Uri.UnescapeDataString(url.Path.TrimStart('/'));
        if (url.Hosts.Count == 0 || !IsTopic(Topic))
        {
            read.Fail("name brokers and a topic of letters, digits, dots, dashes and underscores: kafka://broker1:9092,broker2:9092/logs.");
        }

        Topics = [.. read.List("topics").Select(pair => ReadTopic(pair, read)).OfType<(SourceGlob, string)>()];
        Format = RecordFormats.Read(read, RecordFormatName.Json);
        Partition = read.Read("partition", KafkaPartition.Source);
        Oversize = read.Read("oversize", KafkaOversize.Refuse);
        MaxMessageBytes = read.Read("max-message-bytes", 1_000_000, 1_000, 1_000_000_000);
        Headers = read.Read("headers", true);
        Settings = ReadSettings(url, read);
    }

    /// <summary>Where records go of which no pattern says otherwise.</summary>
    public string Topic { get; }

    /// <summary>Patterns of source ids with their topics; the first that matches counts.</summary>
    public IReadOnlyList<(SourceGlob Sources, string Topic)> Topics { get; }

    /// <summary>The form of values.</summary>
    public IRecordFormat Format { get; }

    /// <summary>How partitions are chosen.</summary>
    public KafkaPartition Partition { get; }

    /// <summary>What becomes of messages that are too large.</summary>
    public KafkaOversize Oversize { get; }

    /// <summary>The largest message that is sent, about as the broker counts it.</summary>
    public int MaxMessageBytes { get; }

    /// <summary>Whether messages have the headers <c>source</c>, <c>instance</c>, <c>type</c> and <c>cursor</c>.</summary>
    public bool Headers { get; }

    /// <summary>librdkafka's settings.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; }

    private static bool IsTopic(string topic) =>
        topic.Length is > 0 and <= 249 && topic is not ("." or "..") && topic.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static (SourceGlob, string)? ReadTopic(string pair, OptionReader read)
    {
        var colon = pair.LastIndexOf(':');
        if (colon <= 0 || !IsTopic(pair[(colon + 1)..]))
        {
            read.Fail($"topics: '{pair}' is not PATTERN:TOPIC, for example app-*:apps.");
            return null;
        }

        return (new SourceGlob(pair[..colon]), pair[(colon + 1)..]);
    }

    private Dictionary<string, string> ReadSettings(SinkUrl url, OptionReader read)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = string.Join(',', url.Hosts.Select(host => (host.Port == 0 ? host with { Port = Port } : host).ToString())),
            ["client.id"] = "loggregator-nozzle",
            ["enable.idempotence"] = "true",
            ["acks"] = "all",
            ["message.timeout.ms"] = "0", // without end: a message that gave up would be overtaken by the next
            ["message.max.bytes"] = MaxMessageBytes.ToString(CultureInfo.InvariantCulture),
            ["linger.ms"] = "5",
            ["partitioner"] = "murmur2_random", // the Java client's
            ["reconnect.backoff.max.ms"] = "10000",
            ["compression.type"] = read.Read("compression", KafkaCompression.Lz4).ToString().ToLowerInvariant(),
            ["queue.buffering.max.messages"] = "100000",
            ["queue.buffering.max.kbytes"] = (64 * 1024).ToString(CultureInfo.InvariantCulture),
        };
        ReadSecurity(url, read, settings);
        foreach (var (name, value) in read.Rest(name => name.Contains('.', StringComparison.Ordinal), IsSecret))
        {
            settings[name] = value;
        }

        return settings;
    }

    private static void ReadSecurity(SinkUrl url, OptionReader read, Dictionary<string, string> settings)
    {
        var tls = read.Read("tls", false);
        var sasl = read.Read("sasl", KafkaSasl.None);
        settings["security.protocol"] = (tls, sasl) switch { (false, KafkaSasl.None) => "plaintext", (true, KafkaSasl.None) => "ssl", (false, _) => "sasl_plaintext", _ => "sasl_ssl" };
        foreach (var (option, setting) in new[] { ("ca", "ssl.ca.location"), ("cert", "ssl.certificate.location"), ("key", "ssl.key.location") })
        {
            if (read.Text(option) is { } file)
            {
                settings[setting] = file;
                if (!tls)
                {
                    read.Fail($"{option} has no use without tls=true.");
                }
            }
        }

        if (read.Read("skip-verify", false))
        {
            settings["enable.ssl.certificate.verification"] = "false";
        }

        if (sasl == KafkaSasl.None)
        {
            if (url.User.Length > 0)
            {
                read.Fail("the address has a user: say how it logs in, with sasl=plain, scram-sha-256, scram-sha-512 or oauthbearer.");
            }

            return;
        }

        settings["sasl.mechanism"] = sasl switch { KafkaSasl.Plain => "PLAIN", KafkaSasl.ScramSha256 => "SCRAM-SHA-256", KafkaSasl.ScramSha512 => "SCRAM-SHA-512", _ => "OAUTHBEARER" };
        if (url.User.Length > 0)
        {
            settings["sasl.username"] = url.User;
            settings["sasl.password"] = url.Password;
        }
    }

    private static bool IsSecret(string name) => SecretParts.Any(part => name.Contains(part, StringComparison.Ordinal));
}
