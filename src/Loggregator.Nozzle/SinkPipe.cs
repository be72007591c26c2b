using System.Threading.Channels;
using Loggregator.Client;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Client.Consume.Acknowledged;
using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Filters;
using Loggregator.Nozzle.Intake;
using Loggregator.Nozzle.Sinks;
using Loggregator.Nozzle.Spool;
using Loggregator.Pipeline.Flow;
using Microsoft.Extensions.Logging;

namespace Loggregator.Nozzle;

/// <summary>
/// One sink's whole way, apart from all others: its own member of a group at the Dopplers, its filter, its buffer, its delivery. So a sink that
/// stands still holds up nobody else: what it has not acknowledged waits for it alone.
/// </summary>
internal sealed class SinkPipe : IAsyncDisposable
{
    /// <summary>Name of the spool's folder in that of its sink.</summary>
    public const string SpoolFolderName = "spool";

    private const int MaxUnacknowledged = 4096; // frames
    private const long LiveBytes = 64 * 1024 * 1024, SpoolBytes = 8L * 1024 * 1024 * 1024;
    private readonly NozzleParts _parts;
    private readonly ILogger _logger;
    private readonly ISinkBuffer _buffer;
    private readonly ISink _sink;
    private readonly DeadLetterFile _deadLetters;
    private readonly DeliveryLoop _loop;
    private readonly SinkIntake _intake;
    private readonly CursorFile? _cursor;
    private readonly Channel<(ConsumedFrame Frame, Task Stored)> _unacknowledged = Channel.CreateBounded<(ConsumedFrame, Task)>(
        new BoundedChannelOptions(MaxUnacknowledged) { SingleReader = true, SingleWriter = true }); // in bytes the window bounds it
    private readonly CancellationTokenSource _stopReading = new();
    private readonly CancellationTokenSource _stopDelivery = new();
    private readonly GroupConsumer? _group;
    private readonly EgressConsumer? _egress;
    private Task _reading = Task.CompletedTask, _acknowledging = Task.CompletedTask, _delivering = Task.CompletedTask;
    private (long Delivered, long At) _measured;

    private SinkPipe(SinkDefinition definition, NozzleParts parts, ISink sink, ISinkBuffer buffer, CursorFile? cursor)
    {
        (Definition, _parts, _sink, _buffer, _cursor) = (definition, parts, sink, buffer, cursor);
        var (name, spec) = (definition.Name, definition.Spec);
        _logger = parts.Logs.CreateLogger($"Loggregator.Nozzle.{name}");
        _deadLetters = new DeadLetterFile(Path.Combine(FolderOf(parts, name), "dead-letters.ndjson"), spec.Buffer.DeadLetterBytes, parts.Time);
        Counters = new SinkCounters(name, spec.Url.ToString(), buffer, parts.Time);
        _loop = new DeliveryLoop(buffer, sink, Counters, spec.Delivery, _deadLetters, spec.Url.Redact, parts.Time, _logger);
        _intake = new SinkIntake(buffer, spec.Filter, Intake, parts.Time);
        var options = parts.Options;
        if (options.Egress.Length > 0)
        {
            _egress = new EgressConsumer(
                options.Egress, options.EgressName, ShardId, spec.Filter.Selectors, parts.Connector, parts.Time, _logger);
            return;
        }

        var group = new GroupConsumerOptions
        {
            ShardId = ShardId,
            Selectors = spec.Filter.Selectors,
            WindowBytes = options.WindowBytes,
            Start = cursor?.Read() is { } kept ? StreamStart.After(kept) : StreamStart.Now,
        };
        group = cursor is null ? group : group with { Member = $"{Environment.MachineName}{Path.GetFullPath(FolderOf(parts, name))}" };
        var directory = new DopplerDirectory(options.Dopplers, options.DnsRefresh, parts.Time, _logger, parts.Connector.Resolve);
        _group = new GroupConsumer(group, directory, parts.Connector, parts.Time, _logger);
    }

    /// <summary>What it was made of, with the filter of now.</summary>
    public SinkDefinition Definition { get; private set; }

    /// <summary>What its delivery counts.</summary>
    public SinkCounters Counters { get; }

    /// <summary>What its intake counts.</summary>
    public IntakeCounters Intake { get; } = new();

    /// <summary>What its spool counts; null when it is live.</summary>
    public SpoolCounters? Spool => (_buffer as DurableBuffer)?.Counters;

    /// <summary>The ring of a live sink; else null.</summary>
    public LiveBuffer? Live => _buffer as LiveBuffer;

    /// <summary>Why it takes nothing in at the moment; null when it does.</summary>
    public string? Trouble => _buffer.Trouble;

    /// <summary>How it fares with each Doppler; none of a foreign <c>Egress</c>.</summary>
    public IReadOnlyList<DopplerState> Dopplers => _group?.Dopplers ?? [];

    /// <summary>Whether envelopes come to it.</summary>
    public bool Joined => _egress is not null || Dopplers.Any(doppler => doppler.Attached);

    /// <summary>Envelopes that came from a foreign <c>Egress</c> and are not valid.</summary>
    public long Invalid => _egress?.Invalid ?? 0;

    /// <summary>Envelopes delivered a second, of late.</summary>
    public double Rate { get; private set; }

    /// <summary>Its folder, below which spool and dead letters are.</summary>
    public string Folder => FolderOf(_parts, Definition.Name);

    /// <summary>Ends with the first part of it that fails; nothing does unless something is wrong with this program.</summary>
    public Task Failure { get; private set; } = Task.CompletedTask;

    private string ShardId => $"{_parts.Options.ShardId}/{Definition.Name}";

    /// <summary>Opens a sink and its buffer; nothing moves yet.</summary>
    /// <exception cref="SinkException">The sink cannot be made.</exception>
    /// <exception cref="SpoolException">The spool cannot be opened.</exception>
    public static SinkPipe Open(SinkDefinition definition, NozzleParts parts)
    {
        var (name, spec) = (definition.Name, definition.Spec);
        var logger = parts.Logs.CreateLogger($"Loggregator.Nozzle.{name}");
        var sink = spec.Create(new SinkContext(parts.Time, logger, parts.StandardOutput));
        if (spec.Buffer.Mode == BufferMode.Live)
        {
            return new SinkPipe(definition, parts, sink, new LiveBuffer(spec.Buffer.Bytes ?? LiveBytes), null);
        }

        var folder = FolderOf(parts, name);
        var options = new SpoolOptions { Directory = Path.Combine(folder, SpoolFolderName), MaxBytes = spec.Buffer.Bytes ?? SpoolBytes, WhenFull = spec.Buffer.WhenFull };
        var spool = EnvelopeSpool.Open(options, logger, parts.Time);
        var buffer = new DurableBuffer(name, spool, spec.Buffer.Order, sink.Limits.MaxBytes, parts.Time, logger);
        return new SinkPipe(definition, parts, sink, buffer, new CursorFile(Path.Combine(folder, "cursor"), name, logger));
    }

    /// <summary>Lets envelopes in and out.</summary>
    public void Start()
    {
        Log.SinkStarted(_logger, Definition.Name, Counters.Endpoint, _buffer.Backlog.Records);
        _measured = (0, _parts.Time.GetTimestamp());
        _delivering = Task.Run(() => _loop.RunAsync(_stopDelivery.Token));
        _acknowledging = Task.Run(AcknowledgeAsync);
        _reading = Task.Run(() => ReadAsync(_stopReading.Token));
        _group?.Start();
        Failure = Task.WhenAny(_reading, _acknowledging, _delivering).Unwrap();
    }

    /// <summary>Takes another filter over, if nothing else has changed; else it must be made anew.</summary>
    public bool TryChange(SinkDefinition definition)
    {
        if (definition.Text != Definition.Text || !SameSelectors(definition.Spec.Filter, Definition.Spec.Filter))
        {
            return false;
        }

        Definition = definition;
        _intake.Filter = definition.Spec.Filter;
        return true;
    }

    /// <summary>Once a second: keeps the cursor, measures the rate.</summary>
    public void Tick()
    {
        if (_group is not null)
        {
            _cursor?.Keep(_group.Cursor);
        }

        const double Weight = 0.2; // of a second, so that it settles within about ten
        var delivered = Interlocked.Read(ref Counters.Delivered);
        var seconds = _parts.Time.GetElapsedTime(_measured.At).TotalSeconds;
        if (seconds > 0)
        {
            Rate += Weight * (((delivered - _measured.Delivered) / seconds) - Rate);
            _measured = (delivered, _parts.Time.GetTimestamp());
        }
    }

    /// <summary>
    /// Stops in order: nothing more is read; what was read is stored and acknowledged; the group is left, so that others take over; what is in
    /// flight, and of a live sink what it holds, is delivered within <paramref name="patience"/>. Once.
    /// </summary>
    public async Task StopAsync(TimeSpan patience)
    {
        var started = _parts.Time.GetTimestamp();
        await _stopReading.CancelAsync();
        await Task.WhenAny(_reading, Task.Delay(patience / 4, _parts.Time));
        _unacknowledged.Writer.TryComplete();
        await Task.WhenAny(_acknowledging, Task.Delay(patience / 4, _parts.Time));
        if (_group is not null)
        {
            await _group.LeaveAsync(patience / 4);
            _cursor?.Keep(_group.Cursor);
        }

        while (Live is { } live && live.Backlog.Records > 0 && _parts.Time.GetElapsedTime(started) < patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _parts.Time);
        }

        await _stopDelivery.CancelAsync();
        await _delivering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Live is { } left && left.DropAll() + left.Dropped(LossReason.Unconfirmed) is > 0 and var lost)
        {
            Log.LiveLost(_logger, Definition.Name, lost);
        }
        else if (Live is null)
        {
            Log.SinkStopped(_logger, Definition.Name, _buffer.Backlog.Records);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_group is not null)
        {
            await _group.DisposeAsync();
        }

        if (_egress is not null)
        {
            await _egress.DisposeAsync();
        }

        await _sink.DisposeAsync();
        await _buffer.DisposeAsync();
        await _acknowledging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // appends that still waited have been refused by now
        _deadLetters.Dispose();
        _stopReading.Dispose();
        _stopDelivery.Dispose();
    }

    private static string FolderOf(NozzleParts parts, string sink) => Path.Combine(parts.Options.Spool, sink);

    private static bool SameSelectors(RecordFilter left, RecordFilter right) => left.Selectors.SequenceEqual(right.Selectors);

    private async Task ReadAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var frame in _group?.ReadAllAsync(stop) ?? _egress!.ReadAllAsync(stop))
            {
                using (frame)
                {
                    await _unacknowledged.Writer.WriteAsync((frame, _intake.TakeAsync(frame)), CancellationToken.None);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException && stop.IsCancellationRequested)
        {
            // The stop.
        }
    }

    private async Task AcknowledgeAsync()
    {
        await foreach (var (frame, stored) in _unacknowledged.Reader.ReadAllAsync())
        {
            try
            {
                await stored;
            }
            catch (SpoolException)
            {
                continue; // it closed before the disk took it, and all that is behind it: the Doppler gives it to whoever comes next
            }

            frame.Acknowledge();
            Interlocked.Increment(ref Intake.Acknowledged);
        }
    }
}
