using System.Globalization;
using System.Text;
using Loggregator.Client.Consume;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Spool;
using Loggregator.Nozzle.Spool.Files;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.TestKit.Faults;
using Microsoft.Extensions.Logging;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>A spool on a disk of memory, fed with numbered log lines.</summary>
internal sealed class SpoolFixture : IAsyncDisposable
{
    public static readonly DopplerIdentity Doppler = new("doppler-1", 7);

    private readonly LoggerFactory _loggers;
    private SpoolReader? _reader;

    public SpoolFixture(
        ISpoolFiles? files = null,
        long maxBytes = 1024 * 1024,
        BufferFull whenFull = BufferFull.Stop,
        BufferOrder order = BufferOrder.Fifo,
        int batchBytes = 16 * 1024,
        TimeProvider? time = null)
    {
        Files = files ?? new PowerCutFiles();
        _loggers = new LoggerFactory([Said.Of("spool")]);
        var options = new SpoolOptions { Directory = "spool", MaxBytes = maxBytes, WhenFull = whenFull, CommitInterval = TimeSpan.Zero };
        Spool = EnvelopeSpool.Open(options, Files, _loggers.CreateLogger("spool"), time ?? TimeProvider.System);
        (Order, BatchBytes) = (order, batchBytes);
    }

    public ISpoolFiles Files { get; }

    public PowerCutFiles Disk => (PowerCutFiles)Files;

    public EnvelopeSpool Spool { get; }

    public SpoolCounters Counters => Spool.Counters;

    public ErrorRecorder Said { get; } = new();

    public SpoolReader Reader => _reader ??= Spool.OpenReader(Order, BatchBytes);

    private BufferOrder Order { get; }

    private int BatchBytes { get; }

    /// <summary>Appends lines of a source with the numbers from <paramref name="from"/> on as one entry, at the positions of their numbers.</summary>
    public Task AppendAsync(int from, int count = 1, int bytes = 0, string source = "a")
    {
        using var buffer = Lines(from, count, bytes, source);
        return Spool.AppendAsync(new SpoolEntry(buffer, 0, buffer.Length, count, Doppler, (ulong)from), Xunit.TestContext.Current.CancellationToken);
    }

    public static MessageBuffer Lines(int from, int count, int bytes = 0, string source = "a")
    {
        var buffer = MessageBuffer.Rent(0);
        using var envelope = MessageBuffer.Rent(0);
        for (var number = from; number < from + count; number++)
        {
            envelope.Clear();
            var text = number.ToString(CultureInfo.InvariantCulture).PadRight(bytes);
            EnvelopeWriter.Log(envelope, 1_795_415_220_000_000_000 + number, Encoding.UTF8.GetBytes(source), "0"u8, Encoding.UTF8.GetBytes(text));
            Records.Append(buffer, envelope.Span);
        }

        return buffer;
    }

    /// <summary>What a batch holds, as <see cref="Received"/>.</summary>
    public static List<Received> Read(SpoolBatch batch)
    {
        var all = new List<Received>();
        foreach (var record in batch)
        {
            all.Add(Received.Of(record));
        }

        return all;
    }

    /// <summary>Reads and completes everything that is there now.</summary>
    public List<Received> Drain()
    {
        var all = new List<Received>();
        while (Reader.TryRead() is { } batch)
        {
            all.AddRange(Read(batch));
            batch.Complete();
            batch.Dispose();
        }

        return all;
    }

    /// <summary>The books at rest.</summary>
    public void CheckBooks()
    {
        var books = (In: Counters.Restored + Counters.Appended, Out: Counters.Delivered + Counters.Dropped + Counters.Damaged + Counters.Held);
        Xunit.Assert.Equal(books.In, books.Out);
    }

    public async ValueTask DisposeAsync()
    {
        _reader?.Dispose();
        await Spool.DisposeAsync();
        _loggers.Dispose();
    }
}
