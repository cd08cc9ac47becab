using System.CommandLine;
using System.Text.Json;
using FlowPipe.Core.Reading.Live;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe interfaces</c>: what can be listened to.</summary>
internal static class InterfacesCommand
{
    private const string Examples = """
        flowpipe interfaces                      names, states, link types, addresses, and whether we may listen
        flowpipe interfaces --format json
        """;

    public static Command Create(CommandContext context)
    {
        var format = new Option<string>("--format")
        {
            Description = "table or json",
            HelpName = "F",
            DefaultValueFactory = static _ => "table",
        };
        format.AcceptOnlyFromAmong("table", "json");
        var command = new FlowPipeCommand("interfaces", "List the interfaces of this machine that capture can listen to.", Examples)
        {
            format,
        };
        command.SetAction(line =>
        {
            IReadOnlyList<NetworkDevice> devices = NetworkDevices.List();
            string? whyNot = NetworkDevices.WhyNot();
            if (line.GetValue(format) == "json")
                WriteJson(context, devices, whyNot);
            else
                WriteTable(context, devices, whyNot);
            return ExitStatus.Done;
        });
        return command;
    }

    private static void WriteTable(CommandContext context, IReadOnlyList<NetworkDevice> devices, string? whyNot)
    {
        var table = new TextTable(
            [
                new TextColumn("interface"),
                new TextColumn("state"),
                new TextColumn("link type"),
                new TextColumn("may be opened"),
                new TextColumn("addresses"),
            ],
            devices.Select(device =>
                (string[])
                    [
                        device.Name,
                        StateOf(device),
                        device.LinkTypeName,
                        whyNot is null ? "yes" : $"no: {whyNot}",
                        string.Join(' ', device.Addresses),
                    ]
            )
        );
        table.Write(context);
    }

    private static void WriteJson(CommandContext context, IReadOnlyList<NetworkDevice> devices, string? whyNot)
    {
        using (var json = new Utf8JsonWriter(context.OutBytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (NetworkDevice device in devices)
            {
                json.WriteStartObject();
                json.WriteString("name", device.Name);
                json.WriteString("state", StateOf(device));
                json.WriteString("linkType", device.LinkTypeName);
                json.WriteStartArray("addresses");
                foreach (string address in device.Addresses)
                    json.WriteStringValue(address);
                json.WriteEndArray();
                json.WriteBoolean("mayBeOpened", whyNot is null);
                if (whyNot is not null)
                    json.WriteString("why", whyNot);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        context.OutBytes.WriteByte((byte)'\n');
    }

    private static string StateOf(NetworkDevice device) => device.State == DeviceState.Up ? "up" : "down";
}
