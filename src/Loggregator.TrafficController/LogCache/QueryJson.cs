using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.TrafficController.Prometheus;

namespace Loggregator.TrafficController.LogCache;

/// <summary>A query's result as log-cache writes it: times with three decimals always, values without exponent, a newline at the end.</summary>
internal static class QueryJson
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes it.</summary>
    public static void Write(IBufferWriter<byte> writer, QueryResult result)
    {
        using (var json = new Utf8JsonWriter(writer, Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("status"u8, "success"u8);
            json.WriteStartObject("data"u8);
            json.WriteString("resultType"u8, result.Kind switch { ValueKind.Matrix => "matrix", ValueKind.Scalar => "scalar", _ => "vector" });
            json.WritePropertyName("result"u8);
            if (result.Kind == ValueKind.Scalar)
            {
                WritePoint(json, result.Series[0].Samples.Span[0]);
            }
            else
            {
                json.WriteStartArray();
                foreach (var series in result.Series)
                {
                    WriteSeries(json, series, result.Kind == ValueKind.Matrix);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        writer.Write("\n"u8);
    }

    /// <summary>A time in seconds with three decimals.</summary>
    public static string Time(long milliseconds) => (milliseconds / 1000m).ToString("0.000", CultureInfo.InvariantCulture);

    private static void WriteSeries(Utf8JsonWriter json, Series series, bool matrix)
    {
        json.WriteStartObject();
        json.WriteStartObject("metric"u8);
        foreach (var (name, value) in series.Labels.Pairs)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        if (matrix)
        {
            json.WriteStartArray("values"u8);
            foreach (var sample in series.Samples.Span)
            {
                WritePoint(json, sample);
            }

            json.WriteEndArray();
        }
        else
        {
            json.WritePropertyName("value"u8);
            WritePoint(json, series.Samples.Span[0]);
        }

        json.WriteEndObject();
    }

    private static void WritePoint(Utf8JsonWriter json, Sample sample)
    {
        Span<byte> digits = stackalloc byte[GoFloat.MaxLength];
        json.WriteStartArray();
        json.WriteRawValue(Time(sample.Time), skipInputValidation: true);
        json.WriteStringValue(Encoding.UTF8.GetString(digits[..GoFloat.Write(sample.Value, digits)]));
        json.WriteEndArray();
    }
}
