import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** Writes what Kafka's own file sink does not: the key of each record, which is what sinks take for a document's id, and a tab and the value. */
public final class KeyedFileSink extends SinkConnector {
    private Map<String, String> settings;

    @Override public String version() { return "1"; }
    @Override public void start(Map<String, String> settings) { this.settings = settings; }
    @Override public Class<? extends Task> taskClass() { return Writer.class; }
    @Override public List<Map<String, String>> taskConfigs(int max) { return Collections.nCopies(1, settings); }
    @Override public void stop() { }
    @Override public ConfigDef config() {
        return new ConfigDef().define("file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "where the lines go");
    }

    public static final class Writer extends SinkTask {
        private Path file;

        @Override public String version() { return "1"; }
        @Override public void start(Map<String, String> settings) { file = Path.of(settings.get("file")); }
        @Override public void stop() { }
        @Override public void put(Collection<SinkRecord> records) {
            List<String> lines = new ArrayList<>();
            for (SinkRecord record : records)
                lines.add(record.key() + "\t" + record.value());
            try {
                Files.write(file, lines, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new ConnectException(e);
            }
        }
    }
}
