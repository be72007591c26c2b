using System.Collections.Concurrent;
using System.Text;
using Confluent.Kafka;
using Loggregator.TestKit.Sinks;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>The mock cluster of three brokers, with a consumer that keeps what it reads.</summary>
internal sealed class KafkaPeer : SinkPeer
{
    private readonly ConcurrentQueue<ConsumeResult<byte[], byte[]>> _read = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _reader;
    private readonly string _options;

    public KafkaPeer(string options = "", int partitions = 4, params string[] topics)
    {
        _options = options;
        foreach (var topic in topics.Append("logs"))
        {
            Mock.CreateTopic(topic, partitions, 3);
        }

        _reader = new Thread(() => Read(partitions, [.. topics, "logs"])) { IsBackground = true };
        _reader.Start();
    }

    public KafkaMock Mock { get; } = new(3);

    public override string Url => $"kafka://{Mock.Brokers}/logs?{_options}";

    public override byte[]? Poison => new NumberedLog("app-0", 9_999).Envelope(padding: 1_200_000);

    public IReadOnlyList<ConsumeResult<byte[], byte[]>> Messages => [.. _read];

    public override IReadOnlyList<NumberedLog> Received() => [.. _read.SelectMany(message => JsonLines.Logs(Encoding.UTF8.GetString(message.Message.Value)))];

    public override Task BreakAsync() => ForAll(Mock.Down);

    public override Task RepairAsync() => ForAll(Mock.Up);

    public override bool Stall()
    {
        ForAll(broker => Mock.Delay(broker, 30_000));
        return true;
    }

    public override void Resume() => ForAll(broker => Mock.Delay(broker, 0));

    // The mock knows no SASL: the login fails, which is what is to be seen.
    public override string? UrlWithSecrets(string user, string password) =>
        $"kafka://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@{Mock.Brokers}/logs?sasl=plain&tls=true";

    public override ValueTask DisposeAsync()
    {
        _stop.Cancel();
        _reader.Join();
        Mock.Dispose();
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Task ForAll(Action<int> act)
    {
        for (var broker = 1; broker <= 3; broker++)
        {
            act(broker);
        }

        return Task.CompletedTask;
    }

    private void Read(int partitions, string[] topics)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new Dictionary<string, string>
        {
            ["bootstrap.servers"] = Mock.Brokers,
            ["group.id"] = "reader",
            ["reconnect.backoff.max.ms"] = "200",
            ["fetch.error.backoff.ms"] = "50",
        }).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(topics.SelectMany(topic => Enumerable.Range(0, partitions).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning))));
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (consumer.Consume(TimeSpan.FromMilliseconds(50)) is { Message: not null } message)
                {
                    _read.Enqueue(message);
                }
            }
            catch (ConsumeException)
            {
                // A broker is down; it is read on from where it was.
            }
        }
    }
}
