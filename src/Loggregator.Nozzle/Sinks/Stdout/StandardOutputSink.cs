using Loggregator.Nozzle.Delivery;
using Loggregator.Nozzle.Rendering;

namespace Loggregator.Nozzle.Sinks.Stdout;

/// <summary>Writes records to standard output, a line each.</summary>
internal sealed class StandardOutputSink(Stream output, IRecordFormat format) : ISink
{
    private readonly RenderedMessages _lines = new(format, lines: true);

    /// <summary><c>stdout:</c> with <c>format</c>.</summary>
    public static SinkKind Kind { get; } = new(["stdout"], "stdout:?format=text", (_, read) =>
    {
        var format = RecordFormats.Read(read, RecordFormatName.Json, batched: true);
        return context => new StandardOutputSink(context.StandardOutput, format);
    });

    public SinkLimits Limits { get; } = new(256 * 1024, 2_000);

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        try
        {
            _lines.Render(batch);
            await output.WriteAsync(_lines.Buffer.Memory, cancel);
            await output.FlushAsync(cancel);
            return SinkAnswer.Settled;
        }
        catch (IOException e)
        {
            return SinkAnswer.Retry($"standard output does not take it ({e.Message.TrimEnd('.')})");
        }
    }

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        return ValueTask.CompletedTask;
    }
}
